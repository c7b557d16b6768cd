from pathlib import Path

import pytest

from runner.api.openapi.document import parse_document, pointer_steps, read_document
from runner.model.errors import InvalidInput

GOOD = "openapi: 3.1.0\npaths: {/a: {get: {}}}\n"


def test_a_pointer_is_unescaped() -> None:
    assert pointer_steps("/paths/~1a~1{b}/x~0y") == ("paths", "/a/{b}", "x~y")


def test_a_local_reference_is_followed_to_its_end() -> None:
    document = parse_document(
        GOOD + "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {type: string}}}", "d.yaml"
    )
    assert document.resolve({"$ref": "#/components/schemas/A"}) == {"type": "string"}


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("#/components/schemas/None", "leads to nothing"),
        ("#/components/schemas/Self", "leads to itself"),
        ("other.yaml#/A", "leads out of the document"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_invalid_input(ref: str, said: str) -> None:
    document = parse_document(
        GOOD + "components: {schemas: {Self: {$ref: '#/components/schemas/Self'}}}", "d.yaml"
    )
    with pytest.raises(InvalidInput) as caught:
        document.resolve({"$ref": ref})
    assert said in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("swagger: '2.0'\npaths: {}\n", "swagger", 1),
        ("info: {}\nopenapi: 2.9\npaths: {}\n", "openapi-version", 2),
        ("openapi: 4.0.0\npaths: {}\n", "openapi-version", 1),
        ("openapi: 3.1.0\ninfo: {}\n", "not-openapi", 1),
        ("openapi: 3.1.0\npaths:\n  /a: 3\n", "broken-path", 3),
        ("info: {}\n", "not-openapi", 1),
        ("just a text\n", "not-openapi", 1),
        ("openapi: 3.1.0\npaths: {a: [\n", "broken-yaml", 3),
    ],
)
def test_what_is_not_openapi_3_is_refused_with_its_reason_and_place(text: str, code: str, line: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_document(text, "d.yaml")
    problem = caught.value.problems[0]
    assert (problem.code, problem.where.file, problem.where.line) == (code, "d.yaml", line)


def test_a_file_that_is_not_there_or_not_text_is_invalid_input(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("none.yaml", "binary.yaml"):
        with pytest.raises(InvalidInput):
            read_document(tmp_path / name)


def test_the_digest_is_that_of_the_text() -> None:
    assert parse_document(GOOD, "a.yaml").digest == parse_document(GOOD, "b.yaml").digest
    assert parse_document(GOOD, "a.yaml").digest != parse_document(GOOD + "\n", "a.yaml").digest
