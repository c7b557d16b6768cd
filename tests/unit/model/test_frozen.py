"""`@frozen` gives what `@dataclass(frozen=True, slots=True)` gives."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from runner.model.frozen import frozen


@frozen
class Dub:
    """A dub."""

    episode: str
    language: str = "fr-FR"
    files: Mapping[str, str] = field(default_factory=dict)
    minutes: float | None = field(default=None, repr=False)
    kind: ClassVar[str] = "dub"

    @property
    def key(self) -> str:
        return f"{self.episode}/{self.language}"


@frozen
class Song(Dub):
    """A dub that is sung."""

    voice: str = ""


@frozen(kw_only=True)
class Order:
    """Only by keyword."""

    address: str
    cost: float = 0.0


@frozen(order=True)
class Place:
    """Ordered."""

    file: str
    line: int = 0


@frozen
class Late:
    """One field is no parameter."""

    name: str
    found: int = field(default=0, init=False)


@frozen
class Loose:
    """Compared by identity, as nothing else says."""

    name: str


def test_a_value_has_its_fields_defaults_and_properties() -> None:
    made = Dub("ep01")

    assert (made.episode, made.language, made.files, made.minutes, made.key, made.kind) == (
        "ep01", "fr-FR", {}, None, "ep01/fr-FR", "dub",
    )  # fmt: skip


def test_each_value_has_a_default_of_its_own_where_a_factory_makes_it() -> None:
    assert Dub("ep01").files is not Dub("ep02").files


def test_a_value_knows_no_other_attributes() -> None:
    assert not hasattr(Dub("ep01"), "__dict__")


@pytest.mark.parametrize(
    "change", [lambda made: setattr(made, "episode", "x"), lambda made: delattr(made, "episode")]
)
def test_a_value_cannot_be_changed(change: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        change(Dub("ep01"))


def test_values_with_the_same_fields_are_equal_and_hash_alike() -> None:
    assert Place("a", 1) == Place("a", 1)
    assert len({Place("a", 1), Place("a", 1), Place("a", 2)}) == 2


def test_values_of_different_classes_are_not_equal() -> None:
    assert Dub("ep01") != Song("ep01")


def test_ordered_values_are_ordered_by_their_fields() -> None:
    assert sorted([Place("b"), Place("a", 2), Place("a", 1)]) == [Place("a", 1), Place("a", 2), Place("b")]


def test_a_value_shows_its_fields() -> None:
    assert repr(Dub("ep01", minutes=3.0)) == "Dub(episode='ep01', language='fr-FR', files={})"


def test_inherited_fields_come_first() -> None:
    assert [one.name for one in fields(Song)] == ["episode", "language", "files", "minutes", "voice"]
    assert Song("ep01", "de-DE", voice="low").voice == "low"


def test_fields_by_keyword_alone_are_refused_by_place() -> None:
    with pytest.raises(TypeError, match="positional"):
        Order("dub/ep01")  # type: ignore[misc]


def test_a_missing_field_is_named() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'episode'"):
        Dub()  # type: ignore[call-arg]


def test_a_field_that_is_no_parameter_has_its_default() -> None:
    assert Late("x").found == 0
    with pytest.raises(TypeError):
        Late("x", 1)  # type: ignore[call-arg]


def test_replace_works_before_and_after_the_first_comparison() -> None:
    assert replace(Order(address="a"), cost=2.0) == Order(address="a", cost=2.0)
    assert replace(Order(address="a"), cost=3.0).cost == 3.0


def test_a_match_takes_fields_by_place() -> None:
    match Place("a", 7):
        case Place(file, line):
            assert (file, line) == ("a", 7)


def test_it_is_a_dataclass_to_dataclasses() -> None:
    assert is_dataclass(Loose)
    assert asdict(Loose("x")) == {"name": "x"}


def test_a_plain_dataclass_can_inherit_from_it() -> None:
    @dataclass(frozen=True, slots=True)
    class Named(Loose):
        more: int = 1

    assert Named("x", 2) == Named("x", more=2)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_value_is_copied_whole(again: Any) -> None:
    assert again(Dub("ep01", minutes=2.0)) == Dub("ep01", minutes=2.0)


def test_nothing_is_written_while_a_module_is_imported() -> None:
    tried = "import runner.model.event, runner.model.event as e; print(e.Intended.__init__.__name__)"

    said = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "write_first"


def test_what_makes_values_stays_when_the_rest_is_written() -> None:
    Song("ep01")
    made = Song.__init__

    assert replace(Song("ep01"), voice="low") == Song("ep01", voice="low")
    assert fields(Song)
    assert Song.__init__ is made
    with pytest.raises(FrozenInstanceError):
        Song("ep01").voice = "high"  # type: ignore[misc]
