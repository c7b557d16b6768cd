"""Connections to a PostgreSQL database that keeps states, its tables, and what is said when it refuses.

The tables stand in the schema that the URL's search path names first. No message holds the URL or a password.
Sources: https://www.psycopg.org/psycopg3/docs/ and
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.engine.state.columns import NAMES
from runner.model.errors import StateCorrupt, StateError, StateLocked, StateNewer
from runner.model.state_place import Database

if TYPE_CHECKING:
    import psycopg

VERSION = 1
MAKING = 0x72756E72
"""The advisory lock under which the tables are made."""

TABLES = """
CREATE TABLE runner_version (version integer NOT NULL);
CREATE TABLE runner_states (
    state text PRIMARY KEY, lineage text NOT NULL, last bigint NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0, holder text NOT NULL DEFAULT '', ended boolean NOT NULL DEFAULT true,
    beat timestamptz NOT NULL DEFAULT 'epoch', until timestamptz NOT NULL DEFAULT 'epoch',
    moved text NOT NULL DEFAULT ''
);
CREATE TABLE runner_events (
    state text NOT NULL, seq bigint NOT NULL, at text NOT NULL, run text NOT NULL, kind text NOT NULL,
    address text NOT NULL, data text NOT NULL, PRIMARY KEY (state, seq)
);
CREATE INDEX runner_events_by_address ON runner_events (state, address, seq);
CREATE TABLE runner_instances (
    state text NOT NULL, address text NOT NULL, phase text NOT NULL, data text NOT NULL, job text NOT NULL,
    uses text NOT NULL, unit text NOT NULL, cost double precision, unsaved integer NOT NULL,
    PRIMARY KEY (state, address)
);
CREATE INDEX runner_instances_standing ON runner_instances (state, phase, job, uses, unit, cost, unsaved);
CREATE TABLE runner_groups (
    state text NOT NULL, address text NOT NULL, closed integer NOT NULL, data text NOT NULL,
    PRIMARY KEY (state, address)
);
CREATE TABLE runner_inbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL, at text NOT NULL,
    address text NOT NULL, verb text NOT NULL, argument text NOT NULL, taken integer NOT NULL DEFAULT 0
);
CREATE TABLE runner_blobs (
    state text NOT NULL, digest text NOT NULL, content bytea NOT NULL, PRIMARY KEY (state, digest)
)
"""

INSTANCE = ("address", "phase", "data", *NAMES)
"""The columns of an instance, in the order of `Rows.instances`."""

_LIVELY = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # ms: a network that has gone silent is told of before the lease ends
}
_SESSION = """
SET synchronous_commit = on;
SET client_encoding = 'UTF8';
SET lock_timeout = '20s';
SET idle_in_transaction_session_timeout = '30s'
"""
"""A holder that is suspended within a transaction does not keep the state's row from the next one."""


def connect(place: Database) -> "psycopg.Connection[Any]":
    """A connection on which each statement is its own transaction. Raises StateError."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    with told(place):
        try:
            given: dict[str, Any] = dict(conninfo_to_dict(str.__str__(place.url)))
        except psycopg.ProgrammingError:  # its text holds the URL
            given = {}
        if not given or "@" in str(
            given.get("dbname", "")
        ):  # a password with a slash would be taken for a port
            raise StateCorrupt(
                "the database URL of state: cannot be read",
                "write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE; special characters as %XX",
            ) from None
        connection = psycopg.connect(**{**_LIVELY, "application_name": "runner", **given}, autocommit=True)
        try:
            connection.execute(_SESSION)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def told(place: Database) -> Iterator[None]:
    """Whatever the database or the network refuses, as a StateError with a way out and without any password."""
    try:
        import psycopg
    except ImportError as error:
        raise StateCorrupt(
            "the state is in PostgreSQL, and psycopg is not installed", "pip install 'runner[postgres]'"
        ) from error
    try:
        yield
    except StateError:
        raise
    except psycopg.errors.LockNotAvailable:
        raise StateLocked(
            f"{place} is kept locked by another program", "end that program, then try again"
        ) from None
    except psycopg.Error as error:
        raise StateCorrupt(f"{place} cannot be used: {spoken(place, error)}", way_out(error)) from None


def spoken(place: Database, error: BaseException) -> str:
    """An error's text on one line, without anything secret."""
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in sorted(place.secrets, key=len, reverse=True):
        text = text.replace(str.__str__(secret), "•••")
    return text


def way_out(error: BaseException) -> str:
    """What a person can do about a database that refuses."""
    state = str(getattr(error, "sqlstate", None) or "")
    if state.startswith("28"):
        return "check user and password in the URL of state:"
    if state == "3D000":
        return "make the database, or name another in state:"
    if state == "42501":
        return "let this user make and write tables there (GRANT CREATE, USAGE ON SCHEMA …)"
    if state == "25006":
        return "name the primary of the database in state:, a copy of it cannot be written"
    if state.startswith("53"):
        return "make room on the database's disk, or let it take more connections, then run the same command again"
    return "see that the database runs and can be reached, then run the same command again"


def tables_stand(connection: "psycopg.Connection[Any]", place: Database) -> bool:
    """Whether the tables are there; raises StateNewer for those of a newer runner."""
    # Not to_regclass: within a transaction it may remember that there was no table a moment ago.
    row = connection.execute(
        "SELECT 1 FROM pg_tables WHERE tablename = 'runner_version' AND schemaname = ANY(current_schemas(false))"
    ).fetchone()
    if row is None:
        return False
    found = connection.execute("SELECT version FROM runner_version").fetchone()
    if found is not None and found[0] > VERSION:
        raise StateNewer(
            f"{place} was written by a newer runner (version {found[0]} of its tables; this one knows {VERSION})",
            "upgrade runner",
        )
    return found is not None


def make_tables(connection: "psycopg.Connection[Any]", place: Database) -> None:
    """The tables, made once by whoever comes first. Raises StateError."""
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if not encoding or encoding[0] != "UTF8":
        raise StateCorrupt(
            f"{place} keeps its texts in {encoding[0] if encoding else 'no encoding'}",
            "make it with ENCODING 'UTF8'",
        )
    if tables_stand(connection, place):
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
        if not tables_stand(connection, place):
            connection.execute(TABLES)
            connection.execute("INSERT INTO runner_version VALUES (%s)", (VERSION,))
