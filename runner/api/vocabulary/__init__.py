"""`x-runner`: what a document says of the life of its resources, as frozen types."""
