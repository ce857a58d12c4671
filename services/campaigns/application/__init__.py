"""Use cases and the ports they need; transactions begin and end here."""
