"""Frozen values and pure functions: how a file's cells become facts, and how a batch of records is put together."""
