"""What governance does for its callers; every transaction begins and ends here."""
