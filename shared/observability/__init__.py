"""What the running system tells about itself: structured logs and the headers that tie them together."""
