"""Stores: one database per service, set-based statements, outbox and inbox, migrations that run once."""

from shared.persistence.database import Database

__all__ = ["Database"]
