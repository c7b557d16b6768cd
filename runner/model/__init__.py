"""The values that everything else speaks about: frozen, and without I/O."""
