"""What stands there now, and not what a cache on the way has kept of it."""

from runner.model.http import Answer

NOW = (("Cache-Control", "no-cache"),)
"""Asks every cache on the way for what stands there now (RFC 9111, 5.2.1.4); those that do not heed it tell an age."""


def age_of(answer: Answer) -> float:
    """How many seconds ago a cache on the way got this answer; 0 where none did."""
    text = answer.headers.get("age", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
