"""The text of a manifest: read as YAML with the place of everything, and held to its shape."""
