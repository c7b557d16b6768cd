from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import encode
from runner.api.messages.sealing import seal, unseal
from runner.api.messages.xml_write import BadXml, is_xml, xml_body
from runner.api.provider import Provider, Use
from runner.model.errors import RunnerError

Make = Callable[..., Provider]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
THINGS = """
paths:
  /book:
    post:
      operationId: book
      requestBody: {content: {application/xml: {schema: {$ref: "#/components/schemas/Book"}}}}
      responses:
        200: {description: ok, content: {application/json: {}}}
        400: {description: no, content: {application/xml: {}}}
  /list:
    post: {operationId: list, requestBody: {content: {text/xml: {schema: {type: array, items: {type: integer}}}}}}
components:
  schemas:
    Book:
      type: object
      properties:
        title: {type: string}
        id: {type: integer, xml: {attribute: true}}
        plain: {type: array, items: {type: string}}
        named: {type: array, items: {type: string, xml: {name: one}}}
        wrapped: {type: array, xml: {wrapped: true}, items: {type: string}}
        renamed: {type: array, xml: {wrapped: true, name: many}, items: {type: string}}
        both: {type: array, xml: {wrapped: true, name: animals}, items: {type: string, xml: {name: animal}}}
        author: {$ref: "#/components/schemas/Author"}
        spaced: {type: string, xml: {namespace: "https://ns.test", prefix: s}}
    Author:
      type: object
      xml: {name: writer}
      properties: {name: {type: string}, alive: {type: boolean}}
"""


def order() -> Use:
    found = Catalogue().use("rev.order")
    assert found is not None
    return found


def written(acme: Make, value: Any) -> str:
    operation = acme(THINGS).operation("book")
    return xml_body(operation.document, operation.media[0].schema, value).decode().removeprefix(HEAD)


@pytest.mark.parametrize(
    ("value", "xml"),
    [
        ({"title": "a"}, "<Book><title>a</title></Book>"),
        ({"title": "T", "id": 7}, '<Book id="7"><title>T</title></Book>'),
        ({"plain": ["a", "b"]}, "<Book><plain>a</plain><plain>b</plain></Book>"),
        ({"named": ["a", "b"]}, "<Book><one>a</one><one>b</one></Book>"),
        ({"wrapped": ["a"]}, "<Book><wrapped><wrapped>a</wrapped></wrapped></Book>"),
        ({"renamed": ["a"]}, "<Book><many><many>a</many></many></Book>"),
        ({"both": ["a", "b"]}, "<Book><animals><animal>a</animal><animal>b</animal></animals></Book>"),
        ({"both": []}, "<Book><animals/></Book>"),
        (
            {"author": {"name": "N", "alive": True}},
            "<Book><writer><name>N</name><alive>true</alive></writer></Book>",
        ),
        ({"spaced": "x"}, '<Book><s:spaced xmlns:s="https://ns.test">x</s:spaced></Book>'),
        ({"title": None}, "<Book/>"),
        ({"other": {"deep": [1, 2.5]}}, "<Book><other><deep>1</deep><deep>2.5</deep></other></Book>"),
        ({"title": ""}, "<Book><title/></Book>"),
        ({"plain": ["b"], "title": "a"}, "<Book><title>a</title><plain>b</plain></Book>"),
    ],
)
def test_the_names_are_those_of_the_xml_keywords(acme: Make, value: Any, xml: str) -> None:
    assert written(acme, value) == xml


def test_every_text_comes_back_as_it_was(acme: Make) -> None:
    text = "<a> & \"b\" 'c' ]]> \t\n\r é 🎬"
    found = ElementTree.fromstring(written(acme, {"title": text})).findtext("title")
    assert found == text


@pytest.mark.parametrize(
    "value", [{"title": "a\x00"}, {"title": "\uffff"}, {"a b": 1}, {"<x>": 1}, {"1a": 1}]
)
def test_what_xml_cannot_carry_is_refused(acme: Make, value: Any) -> None:
    with pytest.raises(BadXml):
        written(acme, value)


def test_an_order_of_the_original_text_is_written_as_its_example() -> None:
    inputs = {
        "format": "xml",
        "client_ref": "XB432423",
        "automated_transcription_options": {
            "inputs": [
                {"uri": "urn:rev:inputmedia:467432fds", "audio_length_seconds": 600},
                {"external_link": "http://www.youtube.com/watch?v=UF8uR6Z6KLc"},
                {"external_link": "https://vimeo.com/7976699", "audio_length_seconds": 300},
            ],
            "inputs_language": "en",
        },
        "notification": {
            "url": "http://www.clientsite.com/orderupdate",
            "level": "Detailed",
            "content_type": "FormUrlEncoded",
        },
        "ponumber": "SamplePoNumber01",
        "workspace_id": 123456789,
    }
    call = encode(order().operation, inputs)
    assert dict(call.headers) == {"Accept": "application/xml", "Content-Type": "application/xml"}
    assert call.content().decode() == (
        f"{HEAD}<order_request><client_ref>XB432423</client_ref><automated_transcription_options><inputs>"
        "<input><audio_length_seconds>600</audio_length_seconds><uri>urn:rev:inputmedia:467432fds</uri></input>"
        "<input><external_link>http://www.youtube.com/watch?v=UF8uR6Z6KLc</external_link></input>"
        "<input><audio_length_seconds>300</audio_length_seconds><external_link>https://vimeo.com/7976699"
        "</external_link></input></inputs><inputs_language>en</inputs_language></automated_transcription_options>"
        "<notification><url>http://www.clientsite.com/orderupdate</url><level>Detailed</level>"
        "<content_type>FormUrlEncoded</content_type></notification><ponumber>SamplePoNumber01</ponumber>"
        "<workspace_id>123456789</workspace_id></order_request>"
    )


def test_a_list_as_a_whole_body_has_a_root(acme: Make) -> None:
    call = encode(acme(THINGS).operation("list"), {"body": [1, 2]})
    assert call.content().decode() == f"{HEAD}<root><item>1</item><item>2</item></root>"
    assert ("Content-Type", "text/xml") in call.headers


def test_a_value_that_cannot_be_written_names_the_operation(acme: Make) -> None:
    with pytest.raises(RunnerError, match=r"book: a text holds the character U\+0001"):
        encode(acme(THINGS).operation("book"), {"title": "\x01"})


def test_an_answer_is_asked_for_in_xml_where_one_is_documented(acme: Make) -> None:
    book = acme(THINGS).operation("book")
    assert ("Accept", "application/xml") in encode(book, {"title": "a"}).headers
    again = encode(book, {"title": "a"}, headers=[("accept", "text/plain")])
    assert [value for name, value in again.headers if name.lower() == "accept"] == ["text/plain"]


def test_a_secret_in_xml_is_kept_as_its_reference(acme: Make) -> None:
    call = encode(acme(THINGS).operation("book"), {"title": 'top <"secret">'})
    secrets = {"env.TITLE": 'top <"secret">'}
    sealed = seal(call, secrets)
    assert b"secret&quot;" not in sealed.content()
    assert unseal(sealed, secrets) == call


@pytest.mark.parametrize(
    ("media", "expected"),
    [("application/xml", True), ("text/xml; charset=utf-8", True), ("a/b+xml", True), ("text/html", False)],
)
def test_xml_is_known_by_its_media_type(media: str, expected: bool) -> None:
    assert is_xml(media) is expected
