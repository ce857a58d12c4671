"""Product offerings and what makes one unfit to be offered; no I/O."""
