"""What may be offered: simple offerings and bundles, with prices, editions, promotions and scripts."""
