"""`make torture`: the ledger under clients, replicas, kills, restarts and skewed clocks, recounted by a stranger."""
