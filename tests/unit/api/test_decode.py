import json

import pytest

from runner.api.messages.decode import decode


@pytest.mark.parametrize(
    ("media", "raw", "body"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/problem+json; charset=UTF-8", b'{"title": "x"}', {"title": "x"}),
        ("text/plain", b'[{"a": 1}]', [{"a": 1}]),
        ("", b'{"a": 1}', {"a": 1}),
        ("", b'"https://up.test"', "https://up.test"),
        ("", b"hello", "hello"),
        ("text/plain", b"hello {", "hello {"),
        ("text/plain", b"[not json", "[not json"),
        ("application/json", b"\xef\xbb\xbf{}", {}),
        ("text/plain; charset=latin-1", b"caf\xe9", "café"),
        ("application/json", b" \n", None),
        ("application/json", b'"a text"', "a text"),
        ("application/json", b"false", False),
    ],
)
def test_a_body_is_read_by_its_type_or_by_its_look(media: str, raw: bytes, body: object) -> None:
    answer = decode(200, {"Content-Type": media}, raw)
    assert answer.body == body
    assert answer.unreadable == ""


@pytest.mark.parametrize(
    ("media", "raw", "said"),
    [
        ("text/html", b"<html><title>502 Bad\n Gateway</title>", "an HTML page (502 Bad Gateway)"),
        ("application/json", b"<!doctype html><p>hi", "an HTML page"),
        ("application/json", b'{"a": ', "not valid JSON at character 6"),
        ("application/json", b'{"a": NaN}', "not valid JSON"),
        ("application/json", b"\xff\xfe\xff", "not utf-8 text"),
        ("text/plain; charset=klingon", b"x", "not klingon text"),
        ("application/xml", b"<!DOCTYPE a><a/>", "DOCTYPE"),
        ("application/xml", b"<a>", "not valid at line 1"),
        ("application/json", b"[" * 200_000, "nested too deep"),
    ],
)
def test_what_cannot_be_read_says_why(media: str, raw: bytes, said: str) -> None:
    answer = decode(200, {"Content-Type": media}, raw)
    assert said in answer.unreadable
    assert answer.body is None


def test_header_names_are_in_lower_case() -> None:
    assert decode(204, {"Retry-After": "3"}, b"").headers == {"retry-after": "3"}


def test_numbers_keep_their_kind() -> None:
    body = decode(
        200, {"content-type": "application/json"}, json.dumps({"i": 10**20, "f": 1.5}).encode()
    ).body
    assert body == {"i": 10**20, "f": 1.5}
