"""The Compose file tried for real: a private Docker engine, images made here, services lost one after another."""
