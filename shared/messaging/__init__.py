"""The bus: one thin layer over nameko, kombu and pika, so that nothing else knows them (docs/decisions/0002)."""
