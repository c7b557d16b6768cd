"""Bounds of downloads: how many at once, how much memory, how often, and who waits for whom."""

import socket
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from downloading import Bench, Make, Shelf, broken, fetching, head, rest, status, whole

from runner.engine.download.partial import Partial, Version
from runner.engine.download.places import place_at
from runner.engine.machine.files import inside
from runner.model.event import Saving

FILM = b"film" * 1000


class Crowd:
    """A server that counts who is there at the same time, and lets nobody go before so many have come."""

    def __init__(self, wanted: int) -> None:
        self._all = threading.Condition()
        self._wanted = wanted
        self._here = 0
        self.most = 0

    def serve(self, peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            with self._all:
                self._here += 1
                self.most = max(self.most, self._here)
                self._all.notify_all()
                self._all.wait_for(lambda: self.most >= self._wanted, timeout=5)
                self._here -= 1
            connection.sendall(head("200 OK", len(FILM)) + FILM)


@pytest.mark.parametrize("most", [1, 3, 8])
def test_as_many_files_as_the_manifest_says_are_fetched_at_once(
    tmp_path: Path, peer: Make, most: int
) -> None:
    crowd = Crowd(most)

    def steps(bench: Bench) -> None:
        for number in range(20):
            bench.put(f"{number}.mp4")

    bench = fetching(tmp_path, peer(crowd.serve).url, steps, 20, max_downloads=most)

    assert set(bench.troubles().values()) == {""}
    assert crowd.most == most


def test_memory_does_not_grow_with_the_file(tmp_path: Path, peer: Make) -> None:
    size, piece = 48 * 1024 * 1024, b"x" * (64 * 1024)

    def large(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(head("200 OK", size))
        for _ in range(size // len(piece)):
            connection.sendall(piece)

    tracemalloc.start()
    try:
        bench = fetching(tmp_path, peer(large).url, lambda bench: bench.put("film.mp4"), 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert bench.troubles() == {"film.mp4": ""}
    assert (tmp_path / "film.mp4").stat().st_size == size
    assert peak < 12 * 1024 * 1024


def test_a_file_that_waits_for_its_next_attempt_holds_up_no_other(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [status("503 Busy", "Retry-After: 1"), whole()])

    def steps(bench: Bench) -> None:
        bench.put("a.mp4", f"{bench.url}/a")
        bench.put("b.mp4", f"{bench.url}/b")

    fetching(tmp_path, peer(shelf.serve).url, steps, 2, max_downloads=1)

    assert [asked["target"] for asked in shelf.asked] == ["/a", "/b", "/a"]


def test_after_a_pause_of_hours_nobody_is_asked_for(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [status("429 Slow", "Retry-After: 7200"), whole()])

    def steps(bench: Bench) -> None:
        for number in range(5):
            bench.put(f"{number}.mp4")

    bench = fetching(tmp_path, peer(shelf.serve).url, steps, 5, max_downloads=1)

    assert len(shelf.asked) == 1
    assert all("come back in 2 h" in trouble for trouble in bench.troubles().values())


def test_a_server_that_always_asks_for_fewer_is_not_asked_without_end(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [status("429 Slow", "Retry-After: 0")])

    bench = fetching(tmp_path, peer(shelf.serve).url, lambda bench: bench.put("a.mp4"), 1)

    assert "429" in bench.troubles()["a.mp4"]
    assert len(shelf.asked) == 9


def test_as_long_as_it_comes_forward_a_download_is_not_given_up(tmp_path: Path, peer: Make) -> None:
    film = bytes(9 * 1024 * 1024)
    step = 1100 * 1024
    breaks = [rest(step * number) for number in range(2, 8)]
    shelf = Shelf(film, [broken(step), *breaks, rest()])

    bench = fetching(tmp_path, peer(shelf.serve).url, lambda bench: bench.put("a.mp4"), 1)

    assert bench.troubles() == {"a.mp4": ""}
    assert (tmp_path / "a.mp4").read_bytes() == film
    assert len(shelf.asked) == 8


def test_one_that_does_not_come_forward_is_given_up_and_kept_for_the_next_run(
    tmp_path: Path, peer: Make
) -> None:
    shelf = Shelf(FILM, [broken(10), rest(20), rest(30), rest(40), rest()])
    there = peer(shelf.serve)

    first = fetching(tmp_path, there.url, lambda bench: bench.put("a.mp4"), 1)
    second = fetching(tmp_path, there.url, lambda bench: bench.put("a.mp4"), 1)

    assert "broke off" in first.troubles()["a.mp4"]
    assert second.troubles() == {"a.mp4": ""}
    assert shelf.ranges == ["", "bytes=10-", "bytes=20-", "bytes=30-", "bytes=40-"]


def test_a_new_link_is_asked_for_once_and_again_only_after_it_came_forward(
    tmp_path: Path, peer: Make
) -> None:
    film = bytes(4 * 1024 * 1024)
    half = 2 * 1024 * 1024
    expired = status("403 Expired")
    shelf = Shelf(film, [expired, broken(half), expired, rest(), *[expired] * 10])
    there = peer(shelf.serve)
    renewed: list[str] = []

    async def renew() -> str:
        renewed.append("again")
        return f"{there.url}/film?signature={len(renewed)}"

    good = fetching(tmp_path, there.url, lambda bench: bench.put("a.mp4", renew=renew), 1)
    bad = fetching(tmp_path, there.url, lambda bench: bench.put("b.mp4", renew=renew), 1)

    assert good.troubles() == {"a.mp4": ""}
    assert "also under a fresh link" in bad.troubles()["b.mp4"]
    assert len(renewed) == 3
    assert len(shelf.asked) == 6


def test_two_instances_do_not_save_to_one_file(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [whole()])

    def steps(bench: Bench) -> None:
        bench.put("a.mp4")
        bench.put("a.mp4", address="b")

    bench = fetching(tmp_path, peer(shelf.serve).url, steps, 2)

    first, second = sorted(bench.got, key=lambda one: one.trouble)
    assert first.trouble == ""
    assert second.trouble == f"not written: a.mp4 is a file of {first.fetch.address} too"


def test_a_file_that_was_whole_when_the_run_was_killed_only_gets_its_name(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [whole()])

    def steps(bench: Bench) -> None:
        fetch = bench.fetch("a.mp4")
        with place_at(tmp_path, inside(tmp_path, "a.mp4")) as place:
            partial = Partial(place, bench.downloads._owner(fetch))
            partial.begin(Version("film"))
            sha256 = partial.finish([FILM])
        told = Saving(address="a", generation=1, name="video", path="a.mp4", size=len(FILM), sha256=sha256)
        bench.journal._take((told,))
        bench.downloads.put(fetch)

    bench = fetching(tmp_path, peer(shelf.serve).url, steps, 1)

    assert bench.troubles() == {"a.mp4": ""}
    assert (tmp_path / "a.mp4").read_bytes() == FILM
    assert bench.journal.instances["a"].files["a.mp4"].done
    assert shelf.asked == []
