"""governance: the one authority that permits, reserves and counts contacts."""
