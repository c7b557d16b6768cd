"""What can go wrong with a file, and what a person sees of it: somebody's own API whose links lead to servers that
misbehave."""

import gzip
import hashlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import acmeworld
import pytest
from acmeworld import Acme
from applying import Ended, captured
from downloading import Answer, Shelf, Stand, broken, head, rest, status, whole
from faultbook import Fault

EXAMPLE = Path(__file__).parents[2] / "manifests" / "acme"
FILM = bytes(range(256)) * 64
HALF = len(FILM) // 2
SAVED = "1 done, 1 file saved"

MANIFEST = """\
version: 1
name: trailers
providers:
  acme: {openapi: acme.openapi.yaml, overlay: acme.x-runner.yaml, base_url: "${{ env.ACME_URL }}",
         auth: {AcmeKey: "${{ env.ACME_KEY }}"}}
data: {trailers: {file: trailers.csv}}
jobs:
  trailer:
    uses: acme.render
    for_each: ${{ data.trailers }}
    with: {title: "${{ each.id }}", template: tpl-7, reference: "${{ each.id }}", source: {kind: footage, seconds: 60,
           url: "file-${{ each.id }}"}}
    save: {video: "out/${{ each.key }}.mp4"}
"""


@dataclass
class Gallery:
    """Trailers whose videos stand at `cdn`."""

    folder: Path
    acme: Acme

    def apply(self, *words: str) -> Ended:
        return captured(["apply", "--auto-approve", "-f", str(self.folder / "trailers.yaml"), *words])

    def change(self, before: str, after: str) -> None:
        for file in self.folder.glob("*.yaml"):
            text = file.read_text()
            if before in text:
                file.write_text(text.replace(before, after))
                return
        raise AssertionError(before)

    def orders(self) -> int:
        assert all(count == 1 for count in self.acme.ledger.values()), self.acme.ledger
        return len(self.acme.ledger)

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "out").glob("*"))

    def film(self) -> bytes:
        return (self.folder / "out" / "t1.mp4").read_bytes()

    def holds(self, book: Fault, ended: Ended, files: int, **facts: bool) -> None:
        """The row of a fault with one order."""
        book.saw(ended.all)
        book.kept(orders=self.orders(), files=len(self.files()))
        assert len(self.files()) == files
        for sentence, condition in facts.items():
            book.fact(sentence, condition)


Hang = Callable[..., Shelf]


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    folder = tmp_path / "acme"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".runner", "out"))
    (folder / "trailers.yaml").write_text(MANIFEST)
    (folder / "trailers.csv").write_text("id\nt1\n")
    with acmeworld.serving() as acme:
        monkeypatch.setenv("ACME_URL", f"{acme.url}/v2")
        monkeypatch.setenv("ACME_KEY", acmeworld.KEY)
        monkeypatch.setenv("NO_COLOR", "1")
        yield Gallery(folder, acme)


@pytest.fixture
def hang(gallery: Gallery) -> Iterator[Hang]:
    """Hang a film where the API's links lead: `hang(answer, …)` is a server that answers so, one by one."""
    stands: list[Stand] = []

    def make(*answers: Answer, content: bytes = FILM, path: str = "/{reference}.mp4") -> Shelf:
        shelf = Shelf(content, answers)
        stands.append(Stand(shelf))
        gallery.acme.link = f"http://127.0.0.1:{stands[-1].port}{path}"
        return shelf

    yield make
    for stand in stands:
        stand.close()


@pytest.mark.fault(
    "downloads",
    "A download breaks off",
    sees=SAVED,
    kept={"orders": 1, "files": 1, "facts": ("only the rest is asked for again",)},
)
def test_a_download_that_breaks_off_goes_on(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    shelf = hang(broken(1000), broken(1000), rest(9000), rest())

    ended = gallery.apply()

    gallery.holds(fault, ended, 1)
    assert gallery.film() == FILM
    fault.fact("only the rest is asked for again", shelf.ranges[-1] == "bytes=9000-")


@pytest.mark.fault(
    "downloads",
    "The file changes between two parts of its download",
    sees=SAVED,
    kept={"orders": 1, "files": 1, "facts": ("the file is of one version alone",)},
)
def test_a_file_that_changes_is_taken_whole(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    def changed(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        shelf.content, shelf.tag = FILM[::-1], '"v2"'
        return rest()(shelf, asked)

    hang(broken(HALF), changed)

    ended = gallery.apply()

    assert ended.code == 0, ended.all
    gallery.holds(fault, ended, 1)
    fault.fact("the file is of one version alone", gallery.film() == FILM[::-1])


NEVER = "what came is never named as if it were whole"
LATER = "the next apply fetches it"


@pytest.mark.fault(
    "downloads",
    "A download breaks off every time",
    sees="video: the answer broke off",
    kept={"orders": 1, "files": 0, "facts": (NEVER, LATER)},
)
def test_a_download_that_always_breaks_off_is_never_named(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    hang(*[broken(HALF, tag=False)] * 4, whole())

    ended = gallery.apply()
    fault.saw(ended.all)
    fault.kept(orders=gallery.orders(), files=len(gallery.files()))
    fault.fact(NEVER, ended.code == 1)
    again = gallery.apply()

    assert (ended.code, again.code) == (1, 0), again.all
    fault.fact(LATER, again.code == 0 and gallery.film() == FILM and gallery.orders() == 1)


def page(shelf: Shelf, asked: Mapping[str, str]) -> tuple[bytes, bytes, bool]:
    body = b"<!doctype html><title>Sign in</title>"
    return head("200 OK", len(body), "Content-Type: text/html"), body, True


def other_digest(shelf: Shelf, asked: Mapping[str, str]) -> tuple[bytes, bytes, bool]:
    return whole("Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==")(shelf, dict(asked))


def junk(shelf: Shelf, asked: Mapping[str, str]) -> tuple[bytes, bytes, bool]:
    return b"\x00\x01 no HTTP at all\r\n\r\n", b"", False


def refusing(line: str, *lines: str) -> Answer:
    return status(line, *lines)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            answer,
            id=title,
            marks=pytest.mark.fault(
                "downloads", title, sees=sees, kept={"orders": 1, "files": 0, "facts": (LATER,)}
            ),
        )
        for title, sees, answer in [
            (
                "A page comes in place of the film",
                "video: a page or a message came in place of the file",
                page,
            ),
            (
                "The bytes have not the digest that the server gave",
                "video: what came has not the digest that its server gave",
                other_digest,
            ),
            ("Something that is no HTTP comes", "video: ClientResponseError", junk),
            ("The storage fails each time", "video: the download answered 503", status("503 Busy")),
            (
                "The result has vanished (404, 410)",
                "video is gone there (the download answered 410), also under a fresh link; the order stands, "
                "and apply asks anew",
                status("410 Gone"),
            ),
            (
                "Each link is refused (401, 403)",
                "video: its link is refused (the download answered 403), also under a fresh link; the order stands",
                status("403 Forbidden"),
            ),
            (
                "The server asks for a pause of hours (429)",
                "video: the download answered 429, and asks to come back in 2 h",
                status("429 Slow", "Retry-After: 7200"),
            ),
            (
                "Redirects lead in a circle",
                "video: more than 5 redirects",
                status("302 Found", "Location: /t1.mp4"),
            ),
            (
                "A redirect leads to the machine's neighbourhood",
                "video is not fetched: 169.254.169.254 is an address of this machine or its neighbourhood "
                "(allow_hosts may name it)",
                status("302 Found", "Location: http://169.254.169.254/latest/meta-data"),
            ),
        ]
    ],
)
def test_what_cannot_be_had_is_told_and_asked_for_by_the_next_apply(
    gallery: Gallery, hang: Hang, fault: Fault, answer: Answer
) -> None:
    shelf = hang(answer)

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 0)
    assert len(shelf.asked) <= 6
    shelf.answers = [whole()]
    again = gallery.apply()
    fault.fact(LATER, again.code == 0 and gallery.film() == FILM and gallery.orders() == 1)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(
            link,
            id=title,
            marks=pytest.mark.fault(
                "downloads",
                title,
                sees=f"video is not fetched: {sees}",
                kept={"orders": 1, "files": 0, "facts": ("no connection is made",)},
            ),
        )
        for title, sees, link in [
            (
                "A link leads to this machine",
                "127.0.0.2 is an address of this machine",
                "http://127.0.0.2:{port}/x",
            ),
            (
                "A link leads to this machine in a disguise",
                "::ffff:7f00:2 is an address of this machine",
                "http://[::ffff:7f00:2]:{port}/x",
            ),
            (
                "A link leads to a file of this machine",
                "file scheme: only http and https are fetched",
                "file:///etc/passwd",
            ),
            (
                "A link carries a password",
                "the URL holds a user or a password",
                "http://a:b@127.0.0.1:{port}/x",
            ),
            ("A link is no web address", "the link is no web address", "http://[127.0.0.1:{port}/x"),
        ]
    ],
)
def test_no_link_of_an_answer_leads_where_the_manifest_does_not_stand_for(
    gallery: Gallery, fault: Fault, link: str
) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        listener.setblocking(False)
        gallery.acme.link = link.replace("{port}", str(listener.getsockname()[1]))

        ended = gallery.apply()

        assert ended.code == 1, ended.all
        gallery.holds(fault, ended, 0)
        try:
            listener.accept()
        except BlockingIOError:
            fault.fact("no connection is made", True)


@pytest.mark.fault(
    "downloads",
    "A download with credentials is redirected to another host",
    sees=SAVED,
    kept={"orders": 1, "files": 1, "facts": ("the credentials stay at home",)},
)
def test_credentials_never_follow_a_download_to_another_host(
    gallery: Gallery, hang: Hang, fault: Fault
) -> None:
    gallery.change(
        'video: {url: "$response.body#/files/video"}',
        'video: {url: "$response.body#/files/video", auth: true}',
    )
    shelf = hang(whole())
    elsewhere = gallery.acme.link.format(reference="t1")
    gallery.acme.link, gallery.acme.moved = f"{gallery.acme.url}/files/moved", elsewhere

    ended = gallery.apply()

    gallery.holds(fault, ended, 1)
    assert gallery.acme.keys["moved"] == acmeworld.KEY
    fault.fact("the credentials stay at home", "x-acme-key" not in shelf.asked[0])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            answer,
            id=title,
            marks=pytest.mark.fault(
                "downloads",
                title,
                sees="video is larger than 8 KiB (max_file of acme)",
                kept={"orders": 1, "files": 0, "facts": ("nothing of it is left on the disk",)},
            ),
        )
        for title, answer in [
            ("A file is larger than `max_file`", whole()),
            (
                "A body goes on without end",
                lambda shelf, asked: (
                    head("200 OK", None, "Transfer-Encoding: chunked"),
                    b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n1\r\nx\r\n",
                    True,
                ),
            ),
        ]
    ],
)
def test_a_file_that_is_too_large_is_not_fetched(
    gallery: Gallery, hang: Hang, fault: Fault, answer: Answer
) -> None:
    gallery.change("overlay:", "max_file: 8 KiB, overlay:")
    hang(answer)

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 0)
    fault.fact("nothing of it is left on the disk", gallery.files() == [])


@pytest.mark.fault(
    "downloads",
    "A file is larger than the room on the disk",
    sees="out/t1.mp4 cannot be written: it needs 800000 GiB, and the disk has …",
    kept={"orders": 1, "files": 0, "facts": ("nothing of it is asked of the disk",)},
)
def test_a_file_that_has_no_room_is_not_begun(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    gallery.change("overlay:", "max_file: 9000000 GiB, overlay:")
    hang(lambda shelf, asked: (head("200 OK", 800_000 * 1024**3, 'ETag: "v1"'), b"x" * 1000, True))

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 0)
    fault.fact("nothing of it is asked of the disk", gallery.files() == [])


SMALL_DISK = """\
import resource, sys
from runner.cli.main import run
resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
sys.exit(run(sys.argv[1:]))
"""


def in_a_process(code: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, "apply", "--auto-approve", "-f", str(folder / "trailers.yaml")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.fault(
    "downloads",
    "The disk refuses in the middle of a download",
    sees="out/t1.mp4 cannot be written: File too large; what had come of it was removed",
    kept={
        "orders": 2,
        "files": 1,
        "facts": ("nothing of it is left on the disk", "the others are saved", LATER),
    },
)
def test_a_disk_that_refuses_one_file_takes_the_others(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    (gallery.folder / "trailers.csv").write_text("id\nt1\nt2\n")
    large = FILM * 256

    def by_name(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        body = large if shelf.asked[-1]["target"] == "/t1.mp4" else FILM
        return head("200 OK", len(body), 'ETag: "v1"'), body, True

    hang(by_name)

    process = in_a_process(SMALL_DISK, gallery.folder)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 1, said
    fault.saw(said)
    fault.kept(orders=gallery.orders(), files=len(gallery.files()))
    fault.fact("nothing of it is left on the disk", gallery.files() == ["t2.mp4"])
    fault.fact("the others are saved", (gallery.folder / "out" / "t2.mp4").read_bytes() == FILM)
    again = gallery.apply()
    fault.fact(LATER, again.code == 0 and gallery.film() == large and gallery.orders() == 2)


RUN = "import sys; from runner.cli.main import run; sys.exit(run(sys.argv[1:]))"


@pytest.mark.fault(
    "downloads",
    "SIGKILL in the middle of a download",
    sees="1 to download. … 1 file saved",
    kept={"orders": 1, "files": 1, "facts": ("what had come and is proven is not fetched again",)},
)
def test_after_a_kill_a_download_goes_on(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    film = FILM * 1280
    until = threading.Event()

    def stalls(shelf: Shelf, asked: Mapping[str, str]) -> tuple[bytes, bytes, bool]:
        return head("200 OK", len(film), f"ETag: {shelf.tag}"), film[:-1000], not until.is_set()

    shelf = hang(stalls, rest(), content=film)
    process = in_a_process(RUN, gallery.folder)
    end = time.monotonic() + 60
    while not any("json" in name and b'"size": 1' in note(gallery, name) for name in gallery.files()):
        assert process.poll() is None
        assert time.monotonic() < end
    process.send_signal(signal.SIGKILL)
    process.communicate()

    ended = gallery.apply()

    gallery.holds(fault, ended, 1)
    assert hashlib.sha256(gallery.film()).digest() == hashlib.sha256(film).digest()
    first = int(shelf.ranges[-1].removeprefix("bytes=").rstrip("-"))
    fault.fact("what had come and is proven is not fetched again", first >= 8 << 20)


def note(gallery: Gallery, name: str) -> bytes:
    try:
        return (gallery.folder / "out" / name).read_bytes()
    except FileNotFoundError:  # it has just been replaced by a newer one
        return b""


@pytest.mark.fault(
    "downloads",
    "An archive that would unpack to gigabytes",
    sees=SAVED,
    kept={"orders": 1, "files": 1, "facts": ("it stays packed, as it came",)},
)
def test_an_archive_is_not_unpacked(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    gallery.change(".mp4", ".zip")
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.txt", b"0" * (64 << 20))
    hang(whole("Content-Type: application/zip"), content=raw.getvalue())

    ended = gallery.apply()

    assert gallery.files() == ["t1.zip"], ended.all
    gallery.holds(fault, ended, 1)
    fault.fact(
        "it stays packed, as it came", (gallery.folder / "out" / "t1.zip").read_bytes() == raw.getvalue()
    )


@pytest.mark.fault(
    "downloads",
    "A film comes packed so that it would unpack to more than `max_file`",
    sees="video is larger than 1 MiB (max_file of acme)",
    kept={"orders": 1, "files": 0, "facts": ("nothing of it is left on the disk",)},
)
def test_a_packed_answer_is_unpacked_a_bit_at_a_time(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    gallery.change("overlay:", "max_file: 1 MiB, overlay:")
    packed = gzip.compress(b"0" * (64 << 20))
    hang(lambda *_: (head("200 OK", len(packed), "Content-Encoding: gzip"), packed, True))

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 0)
    fault.fact("nothing of it is left on the disk", gallery.files() == [])


@pytest.mark.fault(
    "downloads",
    "A link in the output folder leads elsewhere",
    sees="not written: out/t1.mp4 is outside",
    kept={"orders": 1, "files": 0, "facts": ("nothing is written there",)},
)
def test_a_folder_that_leads_out_is_not_written_to(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    outside = gallery.folder.parent / "outside"
    outside.mkdir()
    (gallery.folder / "out").symlink_to(outside)
    hang(whole())

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 0)
    fault.fact("nothing is written there", list(outside.iterdir()) == [])


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=title,
            marks=pytest.mark.fault(
                "downloads", title, sees=sees, kept={"orders": 0, "files": 0, "facts": ("nothing is sent",)}
            ),
        )
        for title, sees, path in [
            (
                "A path leads out of the folder",
                "the path leads out of the manifest's folder",
                "../${{ each.key }}.mp4",
            ),
            ("A path is absolute", "the path is not relative", "/srv/${{ each.key }}.mp4"),
            ("A path holds a NUL", "the path holds a NUL", '"out/${{ each.key }}\\0.mp4"'),
            ("A path names a device", "NUL.mp4 is the name of a device", "out/NUL.mp4"),
            ("A name is longer than a disk can hold", "is longer than the 255 bytes", f"out/{'n' * 256}"),
        ]
    ],
)
def test_a_path_that_cannot_be_written_is_refused_before_paying(
    gallery: Gallery, fault: Fault, path: str
) -> None:
    gallery.change('"out/${{ each.key }}.mp4"', path if path.startswith('"') else f'"{path}"')

    ended = gallery.apply()

    assert ended.code == 3, ended.all
    gallery.holds(fault, ended, 0)
    fault.fact("nothing is sent", ended.code == 3 and not gallery.acme.renders)


@pytest.mark.fault(
    "downloads",
    "A link has expired (401, 403, 404, 410)",
    sees=SAVED,
    kept={"orders": 1, "files": 1, "facts": ("a fresh link is asked for, once",)},
)
def test_an_expired_link_is_asked_for_anew(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    shelf = hang(status("403 Expired"), whole(), path="/{reference}.mp4?look={looks}")

    ended = gallery.apply()

    assert gallery.film() == FILM, ended.all
    gallery.holds(fault, ended, 1)
    first, second = (asked["target"] for asked in shelf.asked)
    fault.fact("a fresh link is asked for, once", first != second and len(shelf.asked) == 2)


@pytest.mark.fault(
    "downloads",
    "The server asks for fewer downloads (429)",
    sees="3 done, 3 files saved",
    kept={"orders": 3, "files": 3, "facts": ("all hold still for as long as it says",)},
)
def test_a_server_that_asks_for_fewer_downloads_is_obeyed(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    (gallery.folder / "trailers.csv").write_text("id\nt1\nt2\nt3\n")
    gallery.change("overlay:", "max_downloads: 1, overlay:")
    times: list[float] = []

    def slower(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        times.append(time.monotonic())
        return (
            status("429 Slow", "Retry-After: 1")(shelf, asked) if len(times) == 1 else whole()(shelf, asked)
        )

    hang(slower)

    ended = gallery.apply()

    assert len(gallery.files()) == 3, ended.all
    fault.saw(ended.all)
    fault.kept(orders=gallery.orders(), files=len(gallery.files()))
    fault.fact("all hold still for as long as it says", len(times) == 4 and times[1] - times[0] >= 1.0)


@pytest.mark.fault(
    "downloads",
    "Somebody's file stands where a download belongs",
    sees="out/t1.mp4 exists and was not written by runner (--overwrite replaces it)",
    kept={"orders": 1, "files": 1, "facts": ("that file is as it was",)},
)
def test_a_file_of_somebody_is_left_alone(gallery: Gallery, hang: Hang, fault: Fault) -> None:
    (gallery.folder / "out").mkdir()
    (gallery.folder / "out" / "t1.mp4").write_text("mine")
    hang(whole())

    ended = gallery.apply()

    assert ended.code == 1, ended.all
    gallery.holds(fault, ended, 1)
    fault.fact("that file is as it was", gallery.film() == b"mine")
