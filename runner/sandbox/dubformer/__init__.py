"""Dubformer, emulated."""
