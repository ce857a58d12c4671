"""What this service does: take orders, run what is due, serve work lists, record outcomes."""
