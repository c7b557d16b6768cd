"""The envelope in which the emulated Blurb answers."""

from typing import Any

from runner.sandbox.ground.wire import Reply


def answered(message: str, data: Any) -> Reply:
    """A success. That it is 200 is chosen here: no page prints a code."""
    return Reply(200, {"success": True, "message": message, "data": data})


def error(status: int, message: str, **details: Any) -> Reply:
    """An error, with details for programs."""
    return Reply(status, {"success": False, "message": message, "data": details})
