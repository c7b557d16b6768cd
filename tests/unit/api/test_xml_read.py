from collections.abc import Callable
from typing import Any

import pytest

from runner.api.messages.decode import decode
from runner.api.messages.xml_read import DEEPEST, MOST_CHARACTERS, BadXml, read_xml
from runner.api.messages.xml_write import xml_body
from runner.api.provider import Provider

Make = Callable[..., Provider]
XML = {"Content-Type": "application/xml; charset=utf-8"}

THINGS = """
paths:
  /thing:
    get:
      operationId: thing
      responses:
        200: {description: ok, content: {application/xml: {schema: {$ref: "#/components/schemas/Thing"}}}}
        4XX: {description: no, content: {application/json: {schema: {properties: {code: {type: integer}}}}}}
components:
  schemas:
    Thing:
      type: object
      properties:
        id: {type: integer, xml: {attribute: true}}
        count: {type: integer}
        price: {type: number}
        done: {type: boolean}
        maybe: {type: [integer, "null"]}
        code: {type: string}
        words: {type: array, items: {type: string}}
        named: {type: array, items: {type: integer, xml: {name: one}}}
        wrapped: {type: array, xml: {wrapped: true, name: parts}, items: {$ref: "#/components/schemas/Part"}}
        inner: {type: object, additionalProperties: {type: integer}}
    Part: {type: object, xml: {name: part}, properties: {n: {type: integer}}}
"""


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("<a/>", ""),
        ("<a>text</a>", "text"),
        ("<a><b>1</b><c/></a>", {"b": "1", "c": ""}),
        ("<a><b>1</b><b>2</b></a>", {"b": ["1", "2"]}),
        ('<a id="7"><b>1</b></a>', {"id": "7", "b": "1"}),
        ('<a id="7">text</a>', {"id": "7", "#text": "text"}),
        ('<n:a xmlns:n="u"><n:b>1</n:b></n:a>', {"b": "1"}),
        ("<a><b><![CDATA[<x> & <!DOCTYPE y>]]></b></a>", {"b": "<x> & <!DOCTYPE y>"}),
        ('<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><b x:nil="true"/></a>', {"b": None}),
        ('<?xml version="1.0" encoding="latin-1"?><a>é</a>', "é"),
        ("<a>&lt;&#233;&amp;</a>", "<é&"),
    ],
)
def test_without_a_schema_the_tree_is_a_plain_one(xml: str, value: Any) -> None:
    assert read_xml(xml) == value


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (BOMB, "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
        ("<a>&unknown;</a>", "not valid"),
        ("<a><b></a>", "not valid"),
        ("", "not valid"),
        ("<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1), "nested deeper"),
        ("<a>" + "x" * MOST_CHARACTERS + "</a>", "longer"),
        ("<a>\ud800</a>", "half a character"),
    ],
    ids=["bomb", "outside", "entity", "unclosed", "empty", "deep", "long", "half"],
)
def test_dangerous_and_broken_texts_are_refused(xml: str, said: str) -> None:
    with pytest.raises(BadXml, match=said):
        read_xml(xml)


def test_a_schema_tells_numbers_and_lists(acme: Make) -> None:
    raw = (
        b'<Thing id="7"><count>03</count><price>1.50</price><done>true</done><maybe/><code>007</code>'
        b"<words>only</words><one>1</one><one>2</one><parts><part><n>1</n></part></parts>"
        b"<inner><x>4</x></inner><else>5</else></Thing>"
    )
    answer = decode(200, XML, raw, acme(THINGS).operation("thing"))
    assert answer.unreadable == ""
    assert answer.body == {
        "id": 7,
        "count": 3,
        "price": 1.5,
        "done": True,
        "maybe": None,
        "code": "007",
        "words": ["only"],
        "named": [1, 2],
        "wrapped": [{"n": 1}],
        "inner": {"x": 4},
        "else": "5",
    }


def test_an_empty_list_is_one_and_a_missing_one_is_missing(acme: Make) -> None:
    answer = decode(200, XML, b"<Thing><parts/></Thing>", acme(THINGS).operation("thing"))
    assert answer.body == {"wrapped": []}


def test_a_text_that_is_no_number_stays_a_text(acme: Make) -> None:
    raw = b"<Thing><count>many</count><price>inf</price><done>yes</done></Thing>"
    answer = decode(200, XML, raw, acme(THINGS).operation("thing"))
    assert answer.body == {"count": "many", "price": "inf", "done": "yes"}


def test_an_error_is_read_by_its_own_schema(acme: Make) -> None:
    raw = b"<error><code>10001</code><message>no</message></error>"
    assert decode(404, XML, raw, acme(THINGS).operation("thing")).body == {"code": 10001, "message": "no"}
    assert decode(404, XML, raw).body == {"code": "10001", "message": "no"}


def test_what_is_written_is_read_again(acme: Make) -> None:
    operation = acme(THINGS).operation("thing")
    value = {
        "id": 1,
        "count": 2,
        "price": 0.5,
        "done": False,
        "code": " 1 ",
        "words": ["a", ""],
        "named": [3],
        "wrapped": [{"n": 1}, {"n": 2}],
    }
    raw = xml_body(operation.document, {"$ref": "#/components/schemas/Thing"}, value)
    assert decode(200, XML, raw, operation).body == value


def test_an_answer_that_is_refused_says_why(acme: Make) -> None:
    answer = decode(200, XML, BOMB.encode(), acme(THINGS).operation("thing"))
    assert answer.body is None
    assert "DOCTYPE" in answer.unreadable


BROKEN = """
paths:
  /thing:
    get:
      operationId: thing
      responses: {200: {description: ok, content: {application/xml: {schema: {$ref: "#/components/schemas/None"}}}}}
"""


def test_an_answer_counts_however_broken_its_document_is(acme: Make) -> None:
    answer = decode(200, XML, b"<a><id>7</id></a>", acme(BROKEN).operation("thing"))
    assert (answer.body, answer.unreadable) == ({"id": "7"}, "")
