"""What takes too long for every change: run by `python -m tests.nightly`."""
