"""What `banyan rules check` does: read every file, gather every mistake, analyse what is sound, tell it."""
