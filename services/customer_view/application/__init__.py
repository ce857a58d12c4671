"""Use cases and the ports they need; every transaction begins and ends here."""
