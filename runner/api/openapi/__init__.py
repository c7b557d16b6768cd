"""OpenAPI documents: read when they are used, and understood one operation at a time."""
