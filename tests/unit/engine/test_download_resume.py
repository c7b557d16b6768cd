"""Downloads that break: gone on with where that is proven to be right, and begun anew everywhere else."""

import base64
import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from downloading import Answer, Bench, Make, Shelf, broken, fetching, head, rest, status, whole
from faultbook import Fault

from runner.engine.download.fetches import Bounds

FILM = bytes(range(256)) * 64
HALF = len(FILM) // 2
SETTLED = "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT", "Date: Sun, 22 Nov 2026 10:00:00 GMT"


def put(bench: Bench) -> None:
    bench.put("out/film.mp4")


def saved(folder: Path) -> bytes:
    """The file, which stands alone in its folder."""
    assert [path.name for path in (folder / "out").iterdir()] == ["film.mp4"]
    return (folder / "out" / "film.mp4").read_bytes()


def test_a_download_that_breaks_off_goes_on_where_it_broke(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [broken(1000), rest(5000), rest()])

    bench = fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert bench.troubles() == {"out/film.mp4": ""}
    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", "bytes=1000-", "bytes=5000-"]
    assert [headers.get("if-range") for headers in shelf.asked] == [None, '"v1"', '"v1"']
    assert bench.journal.instances["a"].files["out/film.mp4"].sha256 == hashlib.sha256(FILM).hexdigest()


def test_a_time_of_change_that_is_old_enough_names_the_version_too(tmp_path: Path, peer: Make) -> None:
    def by_time(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        assert asked["if-range"] == "Sat, 21 Nov 2026 10:00:00 GMT"
        told = f"Content-Range: bytes {HALF}-{len(FILM) - 1}/{len(FILM)}"
        return head("206 Partial Content", len(FILM) - HALF, told, *SETTLED), FILM[HALF:], True

    shelf = Shelf(FILM, [broken(HALF, *SETTLED, tag=False), by_time])

    fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", f"bytes={HALF}-"]


@pytest.mark.parametrize(
    "first",
    [
        broken(HALF, tag=False),
        broken(HALF, 'ETag: W/"v1"', tag=False),
        broken(HALF, "Accept-Ranges: none"),
        broken(HALF, SETTLED[0], tag=False),
    ],
    ids=["no version", "a weak one", "no ranges", "a time without a date"],
)
def test_without_a_version_that_is_sure_it_begins_anew(tmp_path: Path, peer: Make, first: Answer) -> None:
    shelf = Shelf(FILM, [first, whole()])

    fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", ""]


@pytest.mark.parametrize(
    ("second", "ranges"),
    [
        ([whole()], ["", f"bytes={HALF}-"]),
        ([rest(shift=-1), whole()], ["", f"bytes={HALF}-", ""]),
        ([rest(shift=1), whole()], ["", f"bytes={HALF}-", ""]),
        ([rest(tag='"v2"'), whole()], ["", f"bytes={HALF}-", ""]),
        ([status("206 Partial Content"), whole()], ["", f"bytes={HALF}-", ""]),
        ([status("416 Range Not Satisfiable"), whole()], ["", f"bytes={HALF}-", ""]),
        ([status("503 Busy"), rest()], ["", f"bytes={HALF}-", f"bytes={HALF}-"]),
    ],
    ids=["200", "from before", "from behind", "another version", "no range told", "416", "503"],
)
def test_an_answer_that_is_not_the_rest_is_never_put_behind_what_came(
    tmp_path: Path, peer: Make, second: Sequence[Answer], ranges: list[str]
) -> None:
    shelf = Shelf(FILM, [broken(HALF), *second])

    bench = fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert bench.troubles() == {"out/film.mp4": ""}
    assert saved(tmp_path) == FILM
    assert shelf.ranges == ranges


def test_a_rest_of_another_length_is_not_put_behind_what_came(tmp_path: Path, peer: Make) -> None:
    def of_another(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        told = f"Content-Range: bytes {HALF}-{HALF + 9}/{HALF + 10}"
        return head("206 Partial Content", 10, told, 'ETag: "v1"'), b"x" * 10, True

    shelf = Shelf(FILM, [broken(HALF), of_another, whole()])

    fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert saved(tmp_path) == FILM


def test_a_file_that_changed_meanwhile_is_taken_whole(tmp_path: Path, peer: Make) -> None:
    def changed(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        shelf.content, shelf.tag = FILM[::-1], '"v2"'
        return rest()(shelf, asked)

    shelf = Shelf(FILM, [broken(HALF), changed])

    fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert saved(tmp_path) == FILM[::-1]


def test_a_part_is_asked_for_once_when_a_new_link_leads_elsewhere(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [broken(HALF), status("403 Expired"), rest(), whole()])
    there = peer(shelf.serve)

    async def other() -> str:
        return f"{there.url}/another?signature=2"

    fetching(tmp_path, there.url, lambda bench: bench.put("out/film.mp4", renew=other), 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", f"bytes={HALF}-", f"bytes={HALF}-", ""]


def test_a_new_signature_of_the_same_link_goes_on(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [broken(HALF), status("403 Expired"), rest()])
    there = peer(shelf.serve)

    async def signed() -> str:
        return f"{there.url}/film?signature=2"

    fetching(
        tmp_path,
        there.url,
        lambda bench: bench.put("out/film.mp4", f"{there.url}/film?signature=1", renew=signed),
        1,
    )

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", f"bytes={HALF}-", f"bytes={HALF}-"]


def stalled(at: int) -> Answer:
    """Sends so many bytes, and no more for as long as anybody listens."""
    until = threading.Event()

    def answer(shelf: Shelf, _: dict[str, str]) -> tuple[bytes, bytes, bool]:
        return (
            head("200 OK", len(shelf.content), f"ETag: {shelf.tag}"),
            shelf.content[:at],
            not until.is_set(),
        )

    return answer


def note_in(folder: Path) -> dict[str, Any]:
    """The note beside a temporary file; empty while there is none."""
    notes = list((folder / "out").glob(".film.mp4.*.part.json"))
    return json.loads(notes[0].read_text()) if notes else {}


def test_a_run_that_is_interrupted_leaves_what_the_next_one_goes_on_with(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [stalled(HALF), rest()])
    there = peer(shelf.serve)

    fetching(
        tmp_path,
        there.url,
        put,
        1,
        enough=lambda: part_size(tmp_path) >= HALF,
        bounds=Bounds(block=1, pause=0.02),
    )
    fetching(tmp_path, there.url, put, 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", f"bytes={HALF}-"]


def part_size(folder: Path) -> int:
    return sum(part.stat().st_size for part in (folder / "out").glob(".*.part"))


KILLED = """\
import sys
from pathlib import Path
from downloading import fetching
fetching(Path(sys.argv[1]), sys.argv[2], lambda bench: bench.put("out/film.mp4"), 1, read=30.0)
"""
MANY = FILM * 1280
"""20 MiB."""

NOTED = 16 * 1024 * 1024


def killed_in_the_middle(folder: Path, url: str) -> int:
    """Download in a process that is killed once it has noted 16 MiB; how many bytes it noted."""
    support = Path(__file__).parents[2] / "support"
    environment = {**os.environ, "PYTHONPATH": f"{support}{os.pathsep}{Path(__file__).parents[3]}"}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), url], env=environment)
    try:
        while note_in(folder).get("size", 0) < NOTED:
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return int(note_in(folder)["size"])


def test_after_a_kill_the_bytes_that_are_proven_are_not_fetched_again(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(MANY, [stalled(len(MANY) - 1000), rest()])
    there = peer(shelf.serve)

    noted = killed_in_the_middle(tmp_path, there.url)
    fetching(tmp_path, there.url, put, 1)

    assert saved(tmp_path) == MANY
    assert shelf.ranges == ["", f"bytes={noted}-"]


@pytest.mark.parametrize("damage", ["note", "bytes", "shorter", "another's", "junk", "gone"])
def test_a_part_that_proves_nothing_is_not_taken_over(tmp_path: Path, peer: Make, damage: str) -> None:
    shelf = Shelf(FILM, [broken(HALF), status("403 No"), status("403 No"), whole()])
    there = peer(shelf.serve)
    fetching(tmp_path, there.url, put, 1)
    (part,) = (tmp_path / "out").glob(".*.part")
    (note,) = (tmp_path / "out").glob(".*.json")
    told = json.loads(note.read_text())
    match damage:
        case "note":
            note.write_text(json.dumps(told | {"size": HALF - 1}))
        case "bytes":
            part.write_bytes(b"x" + part.read_bytes()[1:])
        case "shorter":
            part.write_bytes(part.read_bytes()[:-1])
        case "another's":
            note.write_text(json.dumps(told | {"owner": "somebody"}))
        case "junk":
            note.write_text("[" * 100_000)
        case "gone":
            part.unlink()

    fetching(tmp_path, there.url, put, 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges[-1] == ""


def test_each_state_has_a_part_of_its_own(tmp_path: Path, peer: Make) -> None:
    shelf = Shelf(FILM, [broken(HALF), status("403 No"), status("403 No"), whole()])
    there = peer(shelf.serve)
    fetching(tmp_path, there.url, put, 1)
    for file in tmp_path.glob("state.db*"):
        file.unlink()

    fetching(tmp_path, there.url, put, 1)

    assert shelf.ranges[-1] == ""
    assert (tmp_path / "out" / "film.mp4").read_bytes() == FILM


def digest_of(content: bytes, algorithm: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, content, usedforsecurity=False).digest()).decode()


DIGESTS = {
    "Content-MD5": "{md5}",
    "Digest": "sha-256={sha256}",
    "Repr-Digest": "sha-512=:{sha512}:",
    "Content-Digest": "sha-256=:{sha256}:",
}


def digest_line(name: str, content: bytes) -> str:
    return f"{name}: " + DIGESTS[name].format(
        **{one: digest_of(content, one) for one in ("md5", "sha256", "sha512")}
    )


@pytest.mark.parametrize("name", DIGESTS)
def test_bytes_that_have_not_the_digest_that_the_server_gave_are_never_named(
    tmp_path: Path, peer: Make, name: str
) -> None:
    shelf = Shelf(FILM, [whole(digest_line(name, b"another film"))])

    bench = fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert "digest" in bench.troubles()["out/film.mp4"]
    assert list((tmp_path / "out").iterdir()) == []
    assert len(shelf.asked) == 4


@pytest.mark.parametrize("name", DIGESTS)
def test_a_digest_of_the_whole_holds_for_what_came_in_two_parts(
    tmp_path: Path, peer: Make, name: str
) -> None:
    line = digest_line(name, FILM)
    damaged = Shelf(FILM[:HALF] + b"?" * HALF, [broken(HALF, line), rest(), whole(line)])
    sound = Shelf(FILM, [broken(HALF, line), rest()])

    one = fetching(tmp_path, peer(sound.serve).url, put, 1)
    (tmp_path / "other").mkdir()
    other = fetching(tmp_path / "other", peer(damaged.serve).url, put, 1)

    assert one.troubles() == {"out/film.mp4": ""}
    assert "digest" in other.troubles()["out/film.mp4"]


def test_what_came_packed_unasked_is_unpacked_and_never_gone_on_with(tmp_path: Path, peer: Make) -> None:
    packed = gzip.compress(FILM)

    def answer(at: int | None) -> Answer:
        lines = "Content-Encoding: gzip", 'ETag: "v1"'
        return lambda *_: (head("200 OK", len(packed), *lines), packed[:at], at is None)

    shelf = Shelf(FILM, [answer(len(packed) // 2), answer(None)])

    fetching(tmp_path, peer(shelf.serve).url, put, 1)

    assert saved(tmp_path) == FILM
    assert shelf.ranges == ["", ""]


@pytest.mark.parametrize("more", [b"", b"\0" * 512], ids=["nothing-behind", "padded"])
def test_a_body_packed_in_several_members_is_unpacked_to_its_end(
    tmp_path: Path, peer: Make, more: bytes
) -> None:
    packed = gzip.compress(FILM[:HALF]) + gzip.compress(FILM[HALF:]) + more
    whole_body = (head("200 OK", len(packed), "Content-Encoding: gzip"), packed, True)

    fetching(tmp_path, peer(Shelf(FILM, [lambda *_: whole_body]).serve).url, put, 1)

    assert saved(tmp_path) == FILM


def drip(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "v1"\r\n\r\n')
    done = threading.Event()
    while not done.wait(0.01):
        connection.sendall(b"x")


KEPT = "what came is kept for the next run"


@pytest.mark.fault(
    "downloads",
    "The server drips without end",
    sees="video: it comes too slowly ever to end",
    kept={"files": 0, "facts": (KEPT,)},
)
def test_a_server_that_drips_without_end_does_not_hold_a_worker(
    tmp_path: Path, peer: Make, fault: Fault
) -> None:
    bounds = Bounds(window=0.05, least=1000, pause=0.02)

    bench = fetching(tmp_path, peer(drip).url, put, 1, bounds=bounds)

    assert list(bench.troubles()) == ["out/film.mp4"]
    fault.saw(bench.troubles()["out/film.mp4"])
    fault.kept(files=len(list((tmp_path / "out").glob("*.mp4"))))
    fault.fact(KEPT, part_size(tmp_path) > 0 and note_in(tmp_path)["size"] == part_size(tmp_path))
