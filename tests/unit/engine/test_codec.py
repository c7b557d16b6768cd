"""What the journal's rows hold: every kind of event and state comes back as it was, whatever stands in it."""

import json
import random
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from runner.engine.state.codec import BLOB_ABOVE, Blobs, Codec
from runner.model.event import KINDS, Intended
from runner.model.http import Call, Upload
from runner.model.state import GroupState, InstanceState, Phase

TEXTS = ["", "a", "é", "\u2028", 'q"\\', "\x00\x1a", "$call", "🎬", "\ud800 half"]
WILD = [
    None,
    0,
    1.5,
    True,
    {},
    [],
    {"$call": 1},
    {"$event": "intended", "fields": {}},
    {"a": [{"$call": {"method": "GET"}}]},
    {"half \ud83d": "\udfff"},
]
BODIES = [(), (b"",), (b"text",), (b"\xff\x00",), (b"x" * (BLOB_ABOVE + 1), Upload("a.wav", 3, "s"))]


def some(hint: Any, dice: random.Random) -> Any:
    """A random value of a type."""
    if hint is Any:
        return dice.choice([*WILD, dice.choice(TEXTS)])
    if hint is Call:
        headers = (("Idempotency-Key", dice.choice(TEXTS)),)
        return Call("POST", "/x", headers, dice.choice(BODIES), repeatable=dice.random() < 0.5)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return dice.choice(list(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        return made(hint, dice)
    simple = {str: TEXTS, int: [0, 1, 7], float: [0.0, 2.5], bool: [False, True]}
    if hint in simple:
        return dice.choice(simple[hint])
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        known = [one for one in inner if one is not NoneType]
        return None if dice.random() < 0.3 else some(known[0], dice)
    if origin is tuple:
        if inner[-1] is not Ellipsis:
            return tuple(some(one, dice) for one in inner)
        return tuple(some(inner[0], dice) for _ in range(dice.randint(0, 3)))
    assert isinstance(origin, type)
    assert issubclass(origin, Mapping)
    return {dice.choice(TEXTS) + str(n): some(inner[1], dice) for n in range(dice.randint(0, 3))}


def made(kind: type, dice: random.Random) -> Any:
    """A random value of a dataclass; fields with a default keep it every now and then."""
    hints = get_type_hints(kind)
    given = {}
    for field in fields(kind):
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        if not has_default or dice.random() < 0.7:
            given[field.name] = some(hints[field.name], dice)
    return kind(**given)


@pytest.fixture
def codec(tmp_path: Path) -> Codec:
    return Codec(Blobs(tmp_path / "blobs"))


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_event_comes_back_as_it_was(kind: str, codec: Codec) -> None:
    for seed in range(60):
        event = made(KINDS[kind], random.Random(seed))
        text = codec.encode_event(event)
        text.encode()  # the database takes it
        assert codec.decode_event(kind, text) == event


def test_every_state_of_an_instance_comes_back_as_it_was(codec: Codec) -> None:
    for seed in range(200):
        state = made(InstanceState, random.Random(seed))
        text = codec.encode_instance(state)
        text.encode()
        assert codec.decode_instance(text) == state


def test_every_state_of_a_group_comes_back_as_it_was(codec: Codec) -> None:
    for seed in range(100):
        state = made(GroupState, random.Random(seed))
        assert codec.decode_group(codec.encode_group(state)) == state


def with_strangers(value: Any) -> Any:
    """The same JSON with a field more in every object of ours."""
    if isinstance(value, list):
        return [with_strangers(one) for one in value]
    if isinstance(value, dict):
        return {name: with_strangers(one) for name, one in value.items()} | {"of a newer runner": 1}
    return value


@pytest.mark.parametrize("kind", list(KINDS))
def test_fields_that_only_a_newer_runner_knows_are_passed_over(kind: str, codec: Codec) -> None:
    event = made(KINDS[kind], random.Random(1))
    held = json.loads(codec.encode_event(event))

    read = codec.decode_event(kind, json.dumps(held | {"of a newer runner": [1]}))

    assert read == event


def test_fields_of_a_newer_runner_inside_a_state_are_passed_over(codec: Codec) -> None:
    call = Call("POST", "/x", body=(Upload("a.wav", 3, "s"),))
    intent = Intended(
        address="a", generation=1, uses="u", operation="o", account="x", digest="d", inputs=1, call=call
    )
    state = InstanceState("a", 1, Phase.UNSETTLED, intent=intent)

    read = codec.decode_instance(json.dumps(with_strangers(json.loads(codec.encode_instance(state)))))

    assert read == state


def test_a_damaged_piece_is_never_taken_for_the_request(codec: Codec, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.put(b"x" * 100_000)
    (tmp_path / "blobs" / digest).write_bytes(b"x" * 99_999)

    with pytest.raises(ValueError, match="damaged"):
        blobs.get(digest)


def test_what_has_no_place_in_the_journal_is_refused(codec: Codec) -> None:
    event = made(KINDS["finished"], random.Random(3))
    with pytest.raises(TypeError, match="no place"):
        codec.encode_event(type(event)(address="a", generation=1, outcome="ready", outputs={"x": object()}))
