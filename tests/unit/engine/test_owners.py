"""Whose an id is: ids are counted for each sort of thing alone, and often for each parent."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection
from runner.api.provider import Use
from runner.engine.state.owners import Owners
from runner.model.state import InstanceState, Phase

ACCOUNT = "respeecher https://r"
WORK: Any = SimpleNamespace(catalogue=Catalogue(), settings={"respeecher": None})


def state(uses: str, *, address: str = "first", **inputs: str) -> InstanceState:
    return InstanceState(
        address, 1, Phase.READY, uses=f"respeecher.{uses}", account=ACCOUNT, inputs=inputs, id="12"
    )


def use_of(name: str) -> Use:
    found = WORK.catalogue.use(f"respeecher.{name}")
    assert found is not None
    return found


def collection(use: Use, **inputs: str) -> Collection | None:
    kind: Any = use.kind
    find = kind.delivery.find
    return collection_of(use.provider, ACCOUNT, find.list, inputs, find.mark) if find else None


def owner(held: InstanceState, uses: str, besides: str = "", **inputs: str) -> str:
    use = use_of(uses)
    known = {held.address: held}
    there = collection(use, **inputs)
    return Owners([held]).owner(WORK, known, (ACCOUNT, "12"), use, there, besides)


@pytest.mark.parametrize(
    ("held", "uses", "inputs", "whose"),
    [
        pytest.param(state("project"), "project", {}, "first", id="of-the-same-sort"),
        pytest.param(state("project"), "folder", {}, "", id="of-another-sort"),
        pytest.param(
            state("folder", project_id="p1"), "folder", {"project_id": "p1"}, "first", id="of-the-same-parent"
        ),
        pytest.param(
            state("folder", project_id="p1"), "folder", {"project_id": "p2"}, "", id="of-another-parent"
        ),
        pytest.param(state("elsewhere"), "folder", {}, "first", id="of-what-the-document-does-not-know"),
        pytest.param(
            state("folder", project_id="secret:P"), "folder", {"project_id": "p"}, "first", id="of-a-secret"
        ),
    ],
)
def test_an_id_is_its_owners_among_things_of_one_sort_and_parent(
    held: InstanceState, uses: str, inputs: dict[str, str], whose: str
) -> None:
    assert owner(held, uses, **inputs) == whose


def test_an_id_that_is_no_number_is_told_apart_by_its_sort_alone() -> None:
    held, use = replace(state("folder", project_id="p1"), id="f-12"), use_of("folder")
    there = collection(use, project_id="p2")

    found = Owners([held]).owner(WORK, {held.address: held}, (ACCOUNT, "f-12"), use, there)

    assert found == "first"


def test_whoever_asks_besides_the_owner_finds_nobody() -> None:
    assert owner(state("project"), "project", besides="first") == ""


def test_of_several_who_have_an_id_the_one_of_that_sort_is_found() -> None:
    held = [state("folder", address="a", project_id="p"), state("project", address="b")]
    use = use_of("project")

    found = Owners(held).owner(WORK, {one.address: one for one in held}, (ACCOUNT, "12"), use, None)

    assert found == "b"
