"""Providers as data: OpenAPI documents, request encoding, answer decoding, and the lifecycle of a paid
call."""
