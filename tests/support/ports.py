"""Ports for servers that begin later."""

import secrets
import socket

LENT = 32_768
"""From here on systems lend ports to connections going out: one that is free now may not be in a moment."""


def free_port() -> int:
    """A port of this machine that nobody uses now, and that no connection will be lent."""
    while True:
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", 20_000 + secrets.randbelow(LENT - 20_000)))
            except OSError:  # taken
                continue
            return int(one.getsockname()[1])
