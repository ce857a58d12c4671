"""Who may do what on the broker, which queues there are, and how a running broker is brought to that."""
