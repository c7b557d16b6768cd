"""What only a shared database brings: a lease, a heartbeat, a fencing token, and a network in between."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from pgserver import end_lease, place_of, told

from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.postgres_store import open_postgres
from runner.engine.state.states import read_addresses, read_instance, read_standing, read_state
from runner.model.errors import StateCorrupt, StateError, StateLocked, StateNewer
from runner.model.event import Intended, Received
from runner.model.http import Call
from runner.model.state_place import Database
from runner.model.text import Secret

ME = Holder("here", os.getpid(), "apply", "2026-01-01T00:00:00Z")
OTHER = Holder("there", 7, "apply", "2026-01-01T00:00:00Z", "abcdef0123456789")


def opened(url: str, holder: Holder = ME, name: str = "season", lock_timeout: float = 0.0) -> Journal:
    return open_journal(place_of(url, name), name=name, holder=holder, lock_timeout=lock_timeout)


def received(address: str = "dub/ep01", id: str = "77") -> Received:
    return Received(address=address, generation=1, id=id, how="answered")


def intended(address: str = "dub/ep01", body: bytes = b"{}") -> Intended:
    call = Call("POST", "/api/v1/projects", (), (body,))
    return Intended(
        address=address,
        generation=1,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer x",
        digest="d1",
        inputs={},
        call=call,
    )


def killed(url: str, *, before: str = "") -> None:
    """A process that took the state, recorded an open call, and was killed."""
    script = """
        import os, signal, sys
        sys.path[:0] = sys.argv[2].split(os.pathsep)
        from test_postgres_support import intended, opened, OTHER
        journal = opened(sys.argv[1], OTHER)
        journal.record_now(intended())
        os.kill(os.getpid(), signal.SIGKILL)
    """
    support = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    text = textwrap.dedent(script).replace("test_postgres_support", Path(__file__).stem)
    done = subprocess.run([sys.executable, "-c", text, url, support], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_holder_that_was_killed_is_told_of_and_its_lease_is_respected(postgres: str) -> None:
    killed(postgres)

    with pytest.raises(
        StateLocked, match=r"'apply' on there \(process 7 at commit abcdef012345\)"
    ) as refused:
        opened(postgres)

    assert "its lease ends in" in refused.value.hint


def test_a_lease_that_has_ended_is_taken_over_and_the_former_holder_named(postgres: str) -> None:
    killed(postgres)
    end_lease(postgres)

    with opened(postgres) as journal:
        assert str(journal.former_holder).startswith("'apply' on there (process 7")
        assert journal.instances["dub/ep01"].intent is not None


def test_a_silent_holder_is_waited_for_without_being_asked_to(postgres: str) -> None:
    killed(postgres)
    told(
        postgres,
        "UPDATE runner_states SET beat = clock_timestamp() - interval '59 s',"
        " until = clock_timestamp() + interval '1 s'",
    )
    names: list[str] = []

    journal = open_journal(place_of(postgres), name="season", holder=ME, waiting=names.append)
    journal.close()

    assert names == [str(OTHER)]


def test_who_lost_the_lease_writes_nothing_more(postgres: str) -> None:
    late = opened(postgres, OTHER)
    end_lease(postgres)
    with opened(postgres) as journal:
        with pytest.raises(StateCorrupt, match="another command has taken the state over"):
            late.record_now(intended("dub/late"))
        journal.record_now(received())

    late.close()

    assert read_addresses(place_of(postgres), "season") == ["dub/ep01"]


def test_who_lost_the_lease_sends_nothing_more(postgres: str) -> None:
    late = opened(postgres, OTHER)
    end_lease(postgres)
    opened(postgres).close()
    late.store.renew()

    with pytest.raises(StateLocked, match="the lease of the state has run out"):
        asyncio.run(late.ensure_held())
    late.close()


def test_a_lease_that_nobody_took_is_asked_for_anew_before_anything_is_sent(postgres: str) -> None:
    journal = opened(postgres)
    journal.store.lease._until = 0.0  # as after a night in which the machine slept

    asyncio.run(journal.ensure_held())

    assert journal.store.holds()
    journal.close()


def test_who_lost_the_lease_does_not_end_that_of_the_next(postgres: str) -> None:
    late = opened(postgres, OTHER)
    end_lease(postgres)
    with opened(postgres) as journal:
        late.close()

        journal.record_now(received())

        assert journal.store.holds()


def test_a_heartbeat_moves_the_end_of_the_lease(postgres: str) -> None:
    with opened(postgres) as journal:
        end_lease(postgres)

        journal.store.renew()

        [(left,)] = told(
            postgres, "SELECT extract(epoch FROM until - clock_timestamp())::int FROM runner_states"
        )
    assert 55 <= left <= 60


def test_a_state_that_was_let_go_is_taken_at_once_and_nobody_is_named(postgres: str) -> None:
    opened(postgres, OTHER).close()

    with opened(postgres) as journal:
        assert journal.former_holder is None


def test_after_a_lease_that_was_ended_by_hand_open_calls_wait_until_it_would_have_ended(
    postgres: str,
) -> None:
    killed(postgres)
    told(postgres, "UPDATE runner_states SET ended = true, fence = fence + 1")
    waits: list[float] = []

    store, state = open_postgres(place_of(postgres), ME, wait=waits.append)
    store.close()

    assert len(waits) == 1
    assert 0 < waits[0] <= 60
    assert state.instances["dub/ep01"].intent is not None


def test_a_connection_that_is_lost_breaks_the_journal_and_gives_a_way_out(postgres: str) -> None:
    journal = opened(postgres)
    journal.record_now(received())
    told(postgres, "SELECT pg_terminate_backend(%s)", journal.store.connection.info.backend_pid)

    with pytest.raises(StateCorrupt, match="could not be written") as broken:
        journal.record_now(intended("dub/ep02"))
    with pytest.raises(StateCorrupt):
        journal.record_now(intended("dub/ep03"))
    journal.close()

    assert "see that the database runs and can be reached" in broken.value.hint
    assert read_addresses(place_of(postgres), "season") == ["dub/ep01"]


def test_a_heartbeat_outlives_a_lost_connection(postgres: str) -> None:
    with opened(postgres) as journal:
        journal.store.renew()
        told(postgres, "SELECT pg_terminate_backend(%s)", journal.store.lease._connection.info.backend_pid)

        journal.store.renew()
        end_lease(postgres)
        journal.store.renew()

        [(left,)] = told(
            postgres, "SELECT extract(epoch FROM until - clock_timestamp())::int FROM runner_states"
        )
    assert left > 50


def test_several_manifests_share_a_database_and_do_not_see_each_other(postgres: str) -> None:
    with opened(postgres, name="one") as one, opened(postgres, name="two") as two:
        one.record_now(intended("dub/a", b"x" * 100_000))
        two.record_now(received("dub/b"))

    assert read_addresses(place_of(postgres, "one"), "one") == ["dub/a"]
    assert read_addresses(place_of(postgres, "two"), "two") == ["dub/b"]
    assert read_instance(place_of(postgres, "two"), "two", "dub/a") is None
    assert told(postgres, "SELECT state FROM runner_blobs") == [("one",)]


def test_two_that_come_first_at_once_make_the_tables_once(postgres: str) -> None:
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            opened(postgres, name=f"m{number}").close()
        except StateError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert problems == []
    assert told(postgres, "SELECT version FROM runner_version") == [(1,)]
    assert told(postgres, "SELECT count(*) FROM runner_states") == [(6,)]


def test_of_two_that_want_a_state_at_once_one_gets_it(postgres: str) -> None:
    opened(postgres).close()
    got: list[Journal] = []
    refused: list[StateLocked] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait(30)
        try:
            got.append(opened(postgres))
        except StateLocked as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert (len(got), len(refused)) == (1, 3)
    got[0].close()


def test_reading_makes_nothing(postgres: str) -> None:
    assert read_state(place_of(postgres), "season").instances == {}
    with read_standing(place_of(postgres), "season") as reader:
        assert reader is None
    assert told(postgres, "SELECT to_regclass('runner_states')") == [(None,)]


def test_tables_of_a_newer_runner_are_refused(postgres: str) -> None:
    opened(postgres).close()
    told(postgres, "UPDATE runner_version SET version = 99")

    with pytest.raises(StateNewer, match="version 99"):
        opened(postgres)


def test_a_lost_piece_is_told_and_not_guessed(postgres: str) -> None:
    with opened(postgres) as journal:
        journal.record_now(intended(body=b"x" * 100_000))
    told(postgres, "DELETE FROM runner_blobs")

    with pytest.raises(StateCorrupt, match="cannot be read"):
        read_state(place_of(postgres), "season")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:geh%2Feim@127.0.0.1:1/season",
        "postgresql://someone@127.0.0.1:1/season?password=geh%2Feim",
        "postgresql://someone:geh/eim@127.0.0.1:1/season",
        "postgresql://someone:geh%zzeim@127.0.0.1:1/season",
        "postgresql://someone:geh/eim@[127.0.0.1:1/season",
        "postgresql://someone:geh/eim@127.0.0.1:1/season?connect_timeout=1",
    ],
)
def test_no_message_holds_a_password(url: str) -> None:
    place = Database(Secret(url, "state"), "season")

    with pytest.raises(StateCorrupt) as refused:
        open_journal(place, name="season", holder=ME)

    spoken = f"{refused.value.message} {refused.value.hint} {place} {place!r}"
    assert refused.value.__suppress_context__
    for secret in ("geh", "eim"):
        assert secret not in spoken
