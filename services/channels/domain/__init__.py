"""Orders to make a contact, how far each has come, and what may come of it; no I/O."""
