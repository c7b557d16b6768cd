"""Inputs that choose the form of a body: among them, whether it is XML."""

import hashlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runner.api.catalogue import Catalogue
from runner.api.forms import switches
from runner.api.messages.encode import encode
from runner.api.provider import Use
from runner.model.http import Call, Upload
from runner.model.text import LocalFile


def use(name: str) -> Use:
    found = Catalogue().use(name)
    assert found is not None
    return found


def header(call: Call, name: str) -> str:
    return dict(call.headers)[name]


def local(tmp_path: Path, name: str) -> LocalFile:
    file = tmp_path / name
    file.write_bytes(b"ID3")
    return LocalFile(str(file), hashlib.sha256(b"ID3").hexdigest())


def test_a_url_is_sent_in_json_unless_xml_is_asked_for() -> None:
    inputs = {"url": "https://media.test/a.mp3?x=1&y=2", "filename": "a.mp3"}
    assert header(encode(use("rev.input").operation, inputs), "Content-Type") == "application/json"
    plain = encode(use("rev.input").operation, {**inputs, "format": "json"})
    assert plain.content() == b'{"url":"https://media.test/a.mp3?x=1&y=2","filename":"a.mp3"}'
    call = encode(use("rev.input").operation, {**inputs, "format": "xml"})
    assert header(call, "Content-Type") == "application/xml"
    assert call.content().endswith(
        b"<input><url>https://media.test/a.mp3?x=1&amp;y=2</url><filename>a.mp3</filename></input>"
    )


def test_a_file_is_a_part_and_a_body_is_the_file_itself_under_its_name(tmp_path: Path) -> None:
    file = local(tmp_path, 'a "b" é.mp3')
    part = encode(use("rev.input").operation, {"file": file})
    assert header(part, "Content-Type").startswith("multipart/form-data; boundary=")
    whole = encode(use("rev.input").operation, {"body": file})
    assert header(whole, "Content-Type") == "audio/mpeg"
    assert whole.body == (Upload(str(tmp_path / 'a "b" é.mp3'), 3, file.sha256),)
    told = "attachment; filename=\"a _b_ _.mp3\"; filename*=UTF-8''a%20%22b%22%20%C3%A9.mp3"
    assert header(whole, "Content-Disposition") == told


def test_a_given_name_of_a_file_wins(tmp_path: Path) -> None:
    given = 'attachment; filename="other.wav"'
    call = encode(
        use("rev.input").operation, {"body": local(tmp_path, "a.wav"), "Content-Disposition": given}
    )
    assert header(call, "Content-Disposition") == given


def test_a_choice_is_an_input_with_the_words_of_its_forms() -> None:
    assert switches(use("rev.order").operation) == {"format": ("json", "xml")}
    assert switches(use("dubformer.project").operation) == {}
    held = use("rev.order").inputs_schema()["properties"]["format"]
    assert (held["enum"], held["default"]) == (["json", "xml"], "json")


INPUTS: list[tuple[dict[str, Any], bool]] = [
    ({"url": "https://media.test/a.mp3"}, True),
    ({"url": "https://media.test/a.mp3", "format": "xml"}, True),
    ({"file": "a.mp3"}, True),
    ({"file": "a.mp3", "Content-Type": "audio/mpeg"}, True),
    ({"body": "a.mp3"}, True),
    ({}, False),
    ({"filename": "a"}, False),
    ({"url": "https://media.test/a.mp3", "file": "a.mp3"}, False),
    ({"url": "https://media.test/a.mp3", "format": "yaml"}, False),
    ({"body": "a.mp3", "nonsense": 1}, False),
]


@pytest.mark.parametrize(("inputs", "valid"), INPUTS)
def test_the_schema_of_several_forms_asks_for_the_needs_of_exactly_one(
    inputs: dict[str, Any], valid: bool
) -> None:
    schema = use("rev.input").inputs_schema()
    assert jsonschema.Draft202012Validator(schema).is_valid(inputs) is valid
