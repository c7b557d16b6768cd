import json
import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jsonpath_rfc9535
import pytest

from runner.api.vocabulary.lifedata import Condition
from runner.api.vocabulary.locate import MISSING, Scope, among, at_pointer, find_all, holds, in_item, locate
from runner.model.http import Answer

SCOPE = Scope(
    request={"id": "p1", "name": "n", "conversions": [{"label": "x"}], "size_path": "deep", "size": "flat"},
    answer=Answer(201, {"location": "/orders/7"}, {"a": {"b/c": [10, None]}, "list": [1, 2]}),
    item={"id": "i1"},
    part={"n": 1},
    part_id="part-9",
    id="id-1",
    receipt="r-1",
    auth={"token": "t"},
    session={"access": "s"},
    observed={"folder": "f"},
)


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("$response.body#/a/b~1c/0", 10),
        ("$response.body#/a/b~1c/1", None),
        ("$response.body#/list/1", 2),
        ("$response.header.Location", "/orders/7"),
        ("$request.path.id", "p1"),
        ("$request.query.size", "flat"),
        ("$request.path.size", "deep"),
        ("$request.body#/conversions/0/label", "x"),
        ("$item#/id", "i1"),
        ("$item", {"id": "i1"}),
        ("$part#/n", 1),
        ("$part.id", "part-9"),
        ("$id", "id-1"),
        ("$receipt", "r-1"),
        ("$auth.token", "t"),
        ("$session.access", "s"),
        ("$observed.folder", "f"),
    ],
)
def test_a_ref_finds_its_value(ref: str, value: Any) -> None:
    assert locate(ref, SCOPE) == value


@pytest.mark.parametrize(
    "ref",
    [
        "$response.body#/a/none",
        "$response.body#/list/2",
        "$response.body#/list/x",
        "$response.body#/list/1/deeper",
        "$response.header.Date",
        "$request.path.none",
        "$auth.none",
    ],
)
def test_where_there_is_nothing_it_is_missing_which_is_no_null(ref: str) -> None:
    assert locate(ref, SCOPE) is MISSING


def test_an_empty_scope_has_nothing() -> None:
    for ref in ("$response.body#/a", "$response.body", "$item#/id", "$part.id", "$id", "$receipt"):
        assert locate(ref, Scope()) is MISSING


def test_a_text_that_is_no_ref_is_an_error() -> None:
    with pytest.raises(ValueError, match="no location"):
        locate("$wrong.thing", SCOPE)


NAMES = ["a", "b", "0", "1", "a/b", "~", ""]
LEAVES = [None, True, False, 0, 1, 1.0, "a", "1", "A", "ß", "SS"]


def tree(dice: random.Random, depth: int) -> Any:
    """Anything that an answer may hold."""
    kind = dice.randrange(4) if depth else 3
    children = range(dice.randrange(3))
    if kind == 0:
        return {dice.choice(NAMES): tree(dice, depth - 1) for _ in children}
    if kind == 1:
        return MappingProxyType({dice.choice(NAMES): tree(dice, depth - 1) for _ in children})
    return [tree(dice, depth - 1) for _ in children] if kind == 2 else dice.choice(LEAVES)


def walked(value: Any, steps: list[str]) -> Any:
    """A pointer as RFC 6901 tells it, word for word."""
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step in map(str, range(len(value))):
            value = value[int(step)]
        else:
            return MISSING
    return value


def trees() -> Iterator[tuple[random.Random, Any]]:
    for seed in range(500):
        dice = random.Random(seed)
        yield dice, tree(dice, 4)


def test_a_pointer_leads_where_the_standard_says() -> None:
    for dice, value in trees():
        steps = [dice.choice(NAMES) for _ in range(dice.randrange(4))]
        pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
        if pointer.startswith("//") or set(pointer) == {"/"}:
            continue  # no document points to a field without a name at its root
        assert at_pointer(value, pointer) is walked(value, steps), (value, pointer)
        ref = f"$item#{pointer}"
        assert in_item(ref)(value) is locate(ref, Scope(item=value)), (value, pointer)


@pytest.mark.parametrize("ref", ["$response.body#/a", "$request.path.id", "$id"])
def test_a_ref_of_something_else_finds_nothing_in_an_item(ref: str) -> None:
    assert in_item(ref)({"a": 1, "id": 2}) is MISSING


PATHS = ["$", "$[*]", "$.a", "$.a[*]", "$.a[*].b", "$[*].b", "$.none[*].b", "$.a[*].b[*]"]
TREES: list[Any] = [
    {"a": [{"b": 1}, {"b": [2, 3]}, {"c": 4}, 5]},
    [{"b": 1}, {"b": None}],
    {"a": {"x": {"b": 1}, "y": {"b": 2}}},
    None,
    "text",
    [],
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("tree", TREES)
def test_the_quick_lane_finds_what_the_library_finds(path: str, tree: Any) -> None:
    assert find_all(path, tree) == [node.value for node in jsonpath_rfc9535.find(path, tree)]


def test_a_path_with_a_filter_goes_through_the_library() -> None:
    tree = {"r": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}
    assert find_all("$.r[?@.k=='b'].v", tree) == [2]


def test_a_broken_path_is_an_error() -> None:
    with pytest.raises(ValueError, match="no JSONPath"):
        find_all("$.a[", {})


def test_the_quick_lane_finds_in_any_answer_what_the_library_finds() -> None:
    for dice, value in trees():
        plain = json.loads(json.dumps(value, default=dict))
        path = "$" + "".join(dice.choice([".a", ".b", "[*]"]) for _ in range(dice.randrange(4)))
        assert find_all(path, plain) == [node.value for node in jsonpath_rfc9535.find(path, plain)], path


def test_a_list_that_was_found_is_not_the_answers_own() -> None:
    body = [1, 2]

    find_all("$[*]", body).clear()

    assert body == [1, 2]


@pytest.mark.parametrize("fold", [False, True])
def test_texts_are_among_others_as_all_values_are(fold: bool) -> None:
    dice = random.Random(3)
    for _ in range(2000):
        value, allowed = dice.choice(LEAVES), dice.choices(LEAVES, k=dice.randrange(4))
        same = [
            type(value) is type(one) and (value.casefold() == one.casefold() if fold else value == one)
            for one in allowed
            if isinstance(value, str)
        ]
        if isinstance(value, str):
            assert among(value, tuple(allowed), fold) is any(same), (value, allowed)


def scope(body: Any) -> Scope:
    return Scope(answer=Answer(200, {}, body))


READY = Condition(at="$response.body#/n", among=(100,))


@pytest.mark.parametrize(
    ("value", "true"), [(100, True), (100.0, True), ("100", False), (True, False), (None, False)]
)
def test_numbers_compare_as_numbers_and_nothing_else_does(value: Any, true: bool) -> None:
    assert holds([READY], scope({"n": value})) is true


def test_true_is_not_one() -> None:
    assert not holds([Condition(at="$response.body#/n", among=(1,))], scope({"n": True}))
    assert not holds([Condition(at="$response.body#/n", among=(True,))], scope({"n": 1}))


def test_any_one_condition_suffices() -> None:
    either = [READY, Condition(all="$.t[*].done", among=(True,))]
    assert holds(either, scope({"n": 3, "t": [{"done": True}, {"done": True}]}))
    assert not holds(either, scope({"n": 3, "t": [{"done": True}, {"done": False}]}))


def test_all_over_nothing_is_false() -> None:
    every = Condition(all="$.t[*].done", among=(True,))
    assert not holds([every], scope({"t": []}))
    assert not holds([every], scope({}))
    assert not holds([every], Scope())


def test_presence_counts_a_null_as_absent() -> None:
    there = Condition(at="$response.body#/error", present=True)
    absent = Condition(at="$response.body#/error", present=False)
    assert holds([there], scope({"error": "x"}))
    assert not holds([there], scope({"error": None}))
    assert holds([absent], scope({}))


def test_without_case_only_when_told_so() -> None:
    done = Condition(at="$response.body#/s", among=("complete",))
    assert holds([done], scope({"s": "Complete"}), fold=True)
    assert not holds([done], scope({"s": "Complete"}))
