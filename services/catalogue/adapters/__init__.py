"""The store, the names the rules know, and offerings in files."""
