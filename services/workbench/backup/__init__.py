"""Backing up the five databases, restoring them, and finding what the ledger does not know afterwards."""
