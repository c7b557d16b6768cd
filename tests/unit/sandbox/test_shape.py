import pytest

from runner.sandbox.ground.shape import Field, is_url, wrong

PERSON = Field(
    "object",
    fields={
        "name": Field("string", required=True, blank=False),
        "age": Field("integer", low=0, high=150),
        "height": Field("number", low=0),
        "tags": Field("array", item=Field("string")),
    },
)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"name": "a"}, None),
        ({"name": "a", "age": 3.0, "height": 1.5, "tags": []}, None),
        ([], "the body must be an object"),
        ({}, "name is required"),
        ({"name": "  "}, "name must not be empty"),
        ({"name": 1}, "name must be a string"),
        ({"name": "a", "age": 1.5}, "age must be an integer"),
        ({"name": "a", "age": True}, "age must be an integer"),
        ({"name": "a", "age": 151}, "age must be between 0 and 150"),
        ({"name": "a", "height": -1}, "height must be at least 0"),
        ({"name": "a", "tags": ["x", 1]}, "tags[1] must be a string"),
        ({"name": "a", "nick": "b"}, "nick is not a known field"),
    ],
)
def test_the_first_wrong_thing_is_told_by_its_path(value, message):
    assert wrong(value, PERSON) == message


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://x.org/a.mp4?b=c", True),
        ("http://127.0.0.1:8000/a", True),
        ("files/a.mp4", False),
        ("ftp://x.org/a", False),
        ("http://", False),
        ("http://[bad", False),
        ("http://x.org:99999/a", False),
        ("http://x.org:no/a", False),
    ],
)
def test_a_url_is_http_with_a_host_and_a_possible_port(text, is_one):
    assert is_url(text) == is_one
