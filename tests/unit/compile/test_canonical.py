"""What counts in a digest."""

import hashlib
import json
from typing import Any

import pytest

from runner.compile.planning.canonical import canonical
from runner.model.text import FileText, LocalFile, PublishedUrl, Secret
from runner.model.unknown import Unknown, UnknownReached


def digest(inputs: Any, uses: str = "dubformer.project") -> str:
    return canonical(uses, inputs).digest


def test_order_null_and_the_spelling_of_numbers_do_not_count() -> None:
    one = {"a": 1, "b": {"c": 2.0, "d": None}, "e": [1, None]}
    other = {"e": [1], "b": {"c": 2}, "a": 1.0, "f": None}

    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "other", [{"a": "1"}, {"a": True}, {"a": 2}, {"b": 1}, {"a": [1]}, {"a": 1, "b": ""}]
)
def test_values_of_another_kind_are_others(other: Any) -> None:
    assert digest({"a": 1}) != digest(other)


def test_the_use_counts() -> None:
    assert digest({}, "dubformer.project") != digest({}, "dubformer.translation")


def test_a_file_counts_by_its_text_wherever_it_lies() -> None:
    assert (
        digest({"g": FileText("a\tb", "x.tsv")})
        == digest({"g": FileText("a\tb", "y.tsv")})
        == digest({"g": "a\tb"})
    )


def test_a_published_file_counts_by_its_content_and_not_by_its_url() -> None:
    one = PublishedUrl("https://a.example/x.xlsx", "11")

    assert digest({"u": one}) == digest({"u": PublishedUrl("https://b.example/y.xlsx", "11")})
    assert digest({"u": one}) != digest({"u": PublishedUrl("https://a.example/x.xlsx", "22")})


def test_a_local_file_counts_by_its_content() -> None:
    assert digest({"f": LocalFile("/a/x.wav", "11")}) == digest({"f": LocalFile("/b/y.wav", "11")})


def test_a_secret_counts_by_its_reference_and_is_not_in_the_inputs() -> None:
    made = canonical("a.b", {"t": Secret("s3cret", "env.T")})

    assert made.inputs == {"t": "secret:env.T"}
    assert made.digest == canonical("a.b", {"t": Secret("other", "env.T")}).digest


def test_fields_that_are_left_out_do_not_count() -> None:
    made = canonical("a.b", {"name": "x", "meta": {"mark": "m", "k": 1}}, leave_out=["meta.mark"])

    assert made.inputs == {"name": "x", "meta": {"k": 1}}


def test_the_inputs_are_plain_json() -> None:
    made = canonical("a.b", {"g": FileText("t", "x")}).inputs

    assert type(made["g"]) is str


def test_an_unknown_has_no_digest() -> None:
    with pytest.raises(UnknownReached):
        canonical("a.b", {"a": [Unknown("later")]})


@pytest.mark.parametrize(
    "inputs",
    [
        {"b": "ü 🎬 \" \\ \n \x00 \u2028 \ud800", "a": 1, "c": True, "d": [1, False, ["x"], {"z": -3, "a": ""}]},
        {"a": 1.5, "b": 2.0, "c": -0.0, "d": 10**30, "e": None, "f": [None, {"g": None}]},
        {"a": FileText("tu", "a.txt"), "b": Secret("hush", "env.KEY"), "c": LocalFile("/x", "ab"), "d": {}},
        {}, [], "text", None, {"a": ("x", 1)}, {1: "x", "1": "y"}, {"nested": {2: {"b": 1, "a": 2}}},
    ],
)  # fmt: skip
def test_inputs_have_one_form_whichever_way_it_is_written(inputs: Any) -> None:
    quick = canonical("acme.thing", inputs)

    whole = canonical("acme.thing", inputs, leave_out=("not.there",))

    text = json.dumps(["acme.thing", whole.inputs], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert quick == whole
    assert repr(quick.inputs) == repr(whole.inputs)
    assert quick.digest == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_a_digest_is_what_it_was_in_journals_that_exist() -> None:
    inputs = {
        "name": "ep01 fr-FR",
        "takes": 2,
        "final": True,
        "settings": {"voices": ["a", "b"], "rate": 1.5},
    }

    found = {
        canonical("dubformer.project", inputs).digest,
        canonical("dubformer.project", inputs, None, ("x",)).digest,
    }

    assert found == {"f507f29291045bebd4a6e976698b64f9ee86f66733a616894a2233baa2427522"}
