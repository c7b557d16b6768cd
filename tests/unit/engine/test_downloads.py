"""Downloads over real sockets: whatever one file meets, the others come, and each is told of."""

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest
from downloading import Bench, Make, fetching

from runner.model.errors import RunnerError
from runner.model.event import Saving

BODY = b"the bytes of a film"


def serving(peer: Any, connection: socket.socket, number: int) -> None:
    while request := peer.request(connection):
        path = request.split(b" ")[1]
        if path == b"/half":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + BODY)
            connection.close()
            return
        if path == b"/gone":
            connection.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
            continue
        if path == b"/loop":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")
            continue
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
        connection.sendall(head + BODY)


def test_a_file_is_whole_named_and_journalled(tmp_path: Path, peer: Make) -> None:
    bench = fetching(tmp_path, peer(serving).url, lambda bench: bench.put("out/film.mp4"), 1)

    assert bench.troubles() == {"out/film.mp4": ""}
    assert (tmp_path / "out" / "film.mp4").read_bytes() == BODY
    assert bench.journal.instances["a"].files["out/film.mp4"].done


def test_whatever_one_file_meets_the_others_come(tmp_path: Path, peer: Make) -> None:
    (tmp_path / "mine.mp4").write_text("a file that somebody made")

    async def odd() -> str:
        raise LookupError("a fault of ours")

    async def missing() -> str:
        raise RunnerError("its input is not known")

    def steps(bench: Bench) -> None:
        bench.put("bad-port.mp4", "http://127.0.0.1:99999/x")
        bench.put("bad-host.mp4", "http://[::1/x")
        bench.put("no-scheme.mp4", "film")
        bench.put("label.mp4", f"http://{'a' * 70}.example/x")
        bench.put("half.mp4", f"{bench.url}/half")
        bench.put("loop.mp4", f"{bench.url}/loop")
        bench.put("odd.mp4", f"{bench.url}/gone", renew=odd)
        bench.put("missing.mp4", f"{bench.url}/gone", renew=missing)
        bench.put("n" * 300)
        bench.put("\ud800.mp4")
        bench.put("../outside.mp4")
        bench.put("state.db")
        bench.put("state.db-wal")
        bench.put("mine.mp4")
        for number in range(20):
            bench.put(f"good{number}.mp4")

    bench = fetching(tmp_path, peer(serving).url, steps, 34)

    good = {path for path, trouble in bench.troubles().items() if not trouble}
    assert good == {f"good{number}.mp4" for number in range(20)}
    assert bench.failures == []
    assert (tmp_path / "mine.mp4").read_text() == "a file that somebody made"


@pytest.mark.parametrize("path", ["state.db", "state.db-wal", "state.db.lock", "STATE.DB"])
def test_not_even_with_overwrite_does_a_file_take_the_place_of_the_state(
    tmp_path: Path, peer: Make, path: str
) -> None:
    bench = fetching(tmp_path, peer(serving).url, lambda bench: bench.put(path), 1, overwrite=True)

    assert "belongs to the state" in bench.troubles()[path]


def test_two_names_that_some_disks_do_not_tell_apart_are_not_both_written(tmp_path: Path, peer: Make) -> None:
    def steps(bench: Bench) -> None:
        bench.put("Film.mp4")
        bench.put("film.MP4")

    bench = fetching(tmp_path, peer(serving).url, steps, 2)

    assert sorted(bool(trouble) for trouble in bench.troubles().values()) == [False, True]


def test_a_file_that_a_killed_run_had_named_already_is_taken_over(tmp_path: Path, peer: Make) -> None:
    there = peer(serving)
    (tmp_path / "film.mp4").write_bytes(BODY)

    def steps(bench: Bench) -> None:
        sha = hashlib.sha256(BODY).hexdigest()
        saving = Saving(address="a", generation=1, name="video", path="film.mp4", size=len(BODY), sha256=sha)
        bench.journal._take((saving,))
        bench.put("film.mp4")

    bench = fetching(tmp_path, there.url, steps, 1)

    assert bench.troubles() == {"film.mp4": ""}
    assert bench.journal.instances["a"].files["film.mp4"].done
    assert there.received == []


def test_when_the_journal_refuses_the_run_is_told_and_no_file_gets_its_name(
    tmp_path: Path, peer: Make
) -> None:
    def steps(bench: Bench) -> None:
        bench.journal.store.connection.execute("PRAGMA query_only=ON")
        bench.put("film.mp4")

    bench = fetching(tmp_path, peer(serving).url, steps, 1)

    assert len(bench.failures) == 1
    assert not (tmp_path / "film.mp4").exists()
