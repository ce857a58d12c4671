"""Typed methods and messages.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""
