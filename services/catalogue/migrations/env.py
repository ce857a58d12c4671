"""Alembic's entry: see shared.persistence.migrations."""

from shared.persistence.migrations import run_environment

run_environment()
