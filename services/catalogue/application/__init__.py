"""What this service does: keep offerings and tell of their changes."""
