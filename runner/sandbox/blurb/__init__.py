"""Blurb, emulated."""
