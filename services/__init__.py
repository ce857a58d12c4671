"""Banyan's independent services; they meet on the bus, never by import."""
