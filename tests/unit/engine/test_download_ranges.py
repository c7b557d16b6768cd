"""What the answer to a download says of the file."""

import base64
import hashlib

import pytest

from runner.engine.download.ranges import (
    content_range,
    digests,
    is_a_page,
    stated_size,
    takes_ranges,
    validator,
)

SENT = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"etag": '"v1"'}, '"v1"'),
        ({"etag": 'W/"v1"'}, ""),
        ({"etag": 'W/"v1"', "last-modified": "Sat, 21 Nov 2026 10:00:00 GMT", "date": SENT}, ""),
        ({"etag": "bare"}, ""),
        ({"last-modified": "Sat, 21 Nov 2026 10:00:00 GMT", "date": SENT}, "Sat, 21 Nov 2026 10:00:00 GMT"),
        ({"last-modified": "Sun, 22 Nov 2026 09:59:30 GMT", "date": SENT}, ""),
        ({"last-modified": "Sat, 21 Nov 2026 10:00:00 GMT"}, ""),
        ({"last-modified": "yesterday", "date": SENT}, ""),
        ({}, ""),
    ],
)
def test_only_what_tells_versions_apart_for_sure_is_named_in_if_range(
    headers: dict[str, str], expected: str
) -> None:
    assert validator(headers) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 5-9/10", (5, 9, 10)),
        ("bytes 5-9/*", (5, 9, None)),
        ("bytes 9-5/10", None),
        ("bytes 5-10/10", None),
        ("bytes */10", None),
        ("items 5-9/10", None),
        ("", None),
        ("bytes ٥-9/10", None),
    ],
)
def test_a_content_range_is_read_to_the_letter(
    text: str, expected: tuple[int, int, int | None] | None
) -> None:
    assert content_range({"content-range": text}) == expected


def test_a_packed_answer_says_nothing_of_the_file_in_it() -> None:
    packed = {"content-encoding": "gzip", "content-length": "10", "content-md5": "x"}

    assert stated_size(packed) is None
    assert not takes_ranges(packed)
    assert digests(packed, whole=True) == {}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("digest", "SHA-256={}"),
        ("repr-digest", "sha-256=:{}:"),
        ("content-digest", "sha-256=:{}:"),
        ("digest", "md5=AAAA, sha-256={}"),
    ],
)
def test_a_digest_is_read_in_every_form(name: str, form: str) -> None:
    value = hashlib.sha256(b"film").digest()

    found = digests({name: form.format(base64.b64encode(value).decode())}, whole=True)

    assert found == {"sha256": value.hex()}


def test_what_is_said_of_a_part_is_not_said_of_the_file() -> None:
    md5 = base64.b64encode(hashlib.md5(b"film", usedforsecurity=False).digest()).decode()
    headers = {"content-md5": md5, "content-digest": f"md5=:{md5}:", "repr-digest": f"md5=:{md5}:"}

    assert digests({"content-md5": md5}, whole=False) == {}
    assert digests({"content-digest": f"md5=:{md5}:"}, whole=False) == {}
    assert set(digests(headers, whole=False)) == {"md5"}
    assert set(digests({"content-md5": md5}, whole=True)) == {"md5"}


@pytest.mark.parametrize(
    ("path", "media", "begins", "expected"),
    [
        ("a.mp4", "text/html; charset=utf-8", b"\n <!DOCTYPE html>", True),
        ("a.wav", "application/json", b'{"error": 1}', True),
        ("a.zip", "application/json", b"PK\x03\x04", False),
        ("a.mp4", "video/mp4", b"<", False),
        ("a.json", "application/json", b"{", False),
        ("a.html", "text/html", b"<", False),
        ("a.svg", "text/html", b"<svg", False),
        ("a.srt", "text/html", b"1\n00:00", False),
        ("a", "text/html", b"<", False),
    ],
)
def test_a_page_in_place_of_a_film_is_told_apart(
    path: str, media: str, begins: bytes, expected: bool
) -> None:
    assert is_a_page(path, {"content-type": media}, begins) is expected
