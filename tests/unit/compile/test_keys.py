"""Item keys."""

import pytest

from runner.compile.instances.keys import BadKey, NoKey, Taken, key_of, natural_key
from runner.model.unknown import Unknown, UnknownReached


@pytest.mark.parametrize(
    ("value", "key"),
    [("ep01", "ep01"), (7, "7"), (12.0, "12"), ("a.b_c-d+e@f:g", "a.b_c-d+e@f:g"), ("épi", "épi")],
)
def test_texts_and_integers_are_keys(value: object, key: str) -> None:
    assert key_of(value) == key


@pytest.mark.parametrize("value", ["a/b", "a b", "a\tb", "a#b", "x" * 129, 1.5, True, ["a"], {"a": 1}])
def test_what_would_not_print_as_an_address_is_no_key(value: object) -> None:
    with pytest.raises(BadKey):
        key_of(value)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_cell_is_no_key(value: object) -> None:
    with pytest.raises(NoKey):
        key_of(value)


def test_an_unknown_is_no_key() -> None:
    with pytest.raises(UnknownReached):
        key_of(Unknown("later"))


def test_a_mapping_is_named_by_its_id_before_its_name() -> None:
    assert natural_key({"name": "n", "id": "i"}) == "i"
    assert natural_key({"name": "n", "id": None}) == "n"


def test_a_mapping_with_neither_needs_a_key() -> None:
    with pytest.raises(NoKey, match="no `id` or `name`"):
        natural_key({"title": "t"})


def test_keys_that_differ_only_in_case_are_the_same() -> None:
    taken = Taken()
    first, second = object(), object()

    assert taken.take("Straße", first) is None
    assert taken.take("STRASSE", second) == ("Straße", first)
