import asyncio
import hashlib

import pytest

from runner.sandbox.ground.multipart import HEAD, read_form

TYPE = "multipart/form-data; boundary=line"
SOUND = b"RIFF\r\n--lin not the boundary" + bytes(range(256)) * 9
BODY = (
    b'--line\r\nContent-Disposition: form-data; name="label"\r\n\r\nTake 1\r\n'
    b'--line\r\nContent-Disposition: form-data; name="data"; filename="take.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    + SOUND
    + b'\r\n--line\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n--line--\r\n'
)


def read(body, type=TYPE, step=1000):
    async def pieces():
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return asyncio.run(read_form(type, pieces()))


@pytest.mark.parametrize("step", [1, 7, 64, 10_000])
def test_texts_are_kept_and_files_digested_however_the_bytes_come(step):
    form = read(BODY, step=step)
    assert form.problem == ""
    assert form.fields == {"label": "Take 1", "empty": ""}
    file = form.files["data"]
    assert (file.name, file.media, file.size) == ("take.wav", "audio/wav", len(SOUND))
    assert file.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert file.head == SOUND[:HEAD]
    assert form.size == len(BODY)


@pytest.mark.parametrize(
    ("type", "body", "problem"),
    [
        ("application/json", b"{}", "Content-Type must be multipart/form-data with a boundary"),
        ("multipart/form-data", BODY, "Content-Type must be multipart/form-data with a boundary"),
        (TYPE, BODY[:200], "the body ends before its last boundary"),
        (TYPE, b"--line\r\nContent-Type: text/plain\r\n\r\nx\r\n--line--", "a part has no name"),
        (TYPE, b"--line??", "a boundary is followed by something else than a part"),
        (TYPE, b"--line\r\n" + b"x" * 20_000, "the headers of a part are too long"),
        (
            TYPE,
            b'--line\r\nContent-Disposition: form-data; name="label"\r\n\r\n\xff\r\n--line--',
            "the field label is no text",
        ),
        (
            TYPE,
            b'--line\r\nContent-Disposition: form-data; name="label"\r\n\r\n' + b"x" * 1_100_000,
            "the field label is too long",
        ),
    ],
)
def test_a_body_that_is_no_form_is_read_to_its_end_and_its_trouble_told(type, body, problem):
    form = read(body, type)
    assert form.problem == problem
    assert form.size == len(body)
