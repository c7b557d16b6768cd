"""Rev, emulated."""
