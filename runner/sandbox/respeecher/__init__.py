"""Respeecher, emulated."""
