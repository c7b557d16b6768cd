"""Links into a bucket: signed in whatever is sent, in the spelling of its place, and bare in whatever comes back."""

import asyncio
import json
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode

import pytest
from buckets import KEYS

from runner.api.messages.xml_write import escaped
from runner.engine.wire.bucket_links import Links
from runner.model.http import Answer, Call
from runner.model.settings import Bucket

BASE = "https://media.s3.eu-central-1.amazonaws.com/a/"
NAME = "script-e1-0123456789ab.xlsx"
BUCKET = Bucket("media", "a/", 3600.0, region="eu-central-1")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_CONFIG_FILE": "none", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def signed(call: Call) -> tuple[Call, Links]:
    """The call as it is sent."""

    async def scene() -> tuple[Call, Links]:
        links = Links(BUCKET, BASE)
        return await links.signed(call), links

    return asyncio.run(scene())


def link_in(text: str) -> bool:
    return (
        text.startswith(BASE + NAME + "?") and "&X-Amz-Expires=3600&" in text and "X-Amz-Signature=" in text
    )


JSON = Call("POST", "/", (("Content-Type", "application/json"),), (json.dumps({"u": BASE + NAME}).encode(),))
FORM = Call(
    "POST",
    "/",
    (("Content-Type", "application/x-www-form-urlencoded"),),
    (urlencode({"u": BASE + NAME}).encode(),),
)
XML = Call("POST", "/", (("Content-Type", "application/xml"),), (f"<u>{BASE}{NAME}</u>".encode(),))
QUERY = Call("POST", f"/x?u={quote(BASE + NAME, safe='')}&v=1")


@pytest.mark.parametrize(
    ("call", "read"),
    [
        pytest.param(JSON, lambda call: json.loads(call.content())["u"], id="JSON"),
        pytest.param(FORM, lambda call: parse_qs(call.content().decode())["u"][0], id="form"),
        pytest.param(QUERY, lambda call: parse_qs(call.path.partition("?")[2])["u"][0], id="query"),
        pytest.param(
            XML, lambda call: call.content().decode()[3:-4].replace("&amp;", "&"), id="XML"
        ),
    ],
)  # fmt: skip
def test_a_published_address_is_signed_as_its_place_spells_it(
    call: Call, read: Callable[[Call], str]
) -> None:
    sent, _ = signed(call)

    assert link_in(read(sent)), sent


@pytest.mark.parametrize("call", [JSON, FORM, XML, QUERY])
def test_a_call_that_names_a_published_file_is_known_to_be_signed_anew(call: Call) -> None:
    assert Links(BUCKET, BASE).named(call) == {NAME}


def test_a_call_that_names_none_is_known_to_stay_as_it_is() -> None:
    assert Links(BUCKET, BASE).named(Call("POST", "/", (), (b'{"u": "https://example.com/x.mp4"}',))) == set()


def test_an_xml_body_stays_well_formed() -> None:
    text = signed(XML)[0].content().decode()

    assert text == f"<u>{escaped(text[3:-4].replace('&amp;', '&'))}</u>"


def test_addresses_of_others_and_of_other_files_stay_as_they_are() -> None:
    call = Call("POST", "/", body=(f'["{BASE}by-hand.mp4", "https://x.example/a/{NAME}"]'.encode(),))

    assert signed(call)[0] == call


def test_a_call_that_is_repeated_stays_as_it_was() -> None:
    async def scene() -> tuple[Call, Call]:
        links = Links(BUCKET, BASE)
        return await links.signed(JSON), await links.signed(JSON)

    first, second = asyncio.run(scene())

    assert first == second


def test_an_answer_that_repeats_a_link_is_read_without_its_signature() -> None:
    sent, links = signed(JSON)
    told = json.loads(sent.content())["u"]
    other = "https://results.example/film.mp4?X-Amz-Signature=ab"

    found = links.bare(Answer(400, {"location": told}, {"error": [f"{told} answers 403", other]}))

    assert found == Answer(400, {"location": BASE + NAME}, {"error": [f"{BASE}{NAME} answers 403", other]})
