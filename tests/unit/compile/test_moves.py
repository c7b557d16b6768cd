"""Names that changed in a manifest, and what follows them."""

from pathlib import Path

from runner.compile.checks.moves import moved_state, moves
from runner.model.event import Moved
from runner.model.graph import Graph, Instance
from runner.model.manifest import Job, Manifest
from runner.model.problem import Place
from runner.model.state import InstanceState, Phase, State


def manifest(*moved: tuple[str, str]) -> Manifest:
    jobs = {name: Job(name, "dubformer.project") for name in ("dub", "dubs", "voice", "cut")}
    jobs["fix"] = Job("fix", "dubformer.translation")
    return Manifest(Path("/m.yaml"), "m", jobs, lambda _: (Place("m.yaml"), ""), "digest", moved=moved)


def graph_of(*addresses: str) -> Graph:
    return Graph({address: Instance(address, address.partition("/")[0]) for address in addresses})


def state_of(*addresses: str) -> State:
    return State(
        instances={
            address: InstanceState(address, 1, Phase.READY, uses="dubformer.project") for address in addresses
        }
    )


def test_a_job_moves_with_all_of_its_items() -> None:
    taken = moves(manifest(("dub", "voice")), graph_of("voice/e1", "voice/e2"), state_of("dub/e1", "dub/e2"))

    assert taken == (Moved(address="dub/e1", to="voice/e1"), Moved(address="dub/e2", to="voice/e2"))


def test_nothing_moves_onto_what_is_known_already() -> None:
    found = moves(manifest(("dub/a", "dub/b")), graph_of("dub/b"), state_of("dub/a", "dub/b"))

    assert found == ()


def test_nothing_moves_to_where_the_manifest_has_nothing() -> None:
    assert moves(manifest(("dub", "voice")), graph_of("voice/e1"), state_of("dub/e9")) == ()


def test_the_moved_state_holds_each_under_its_new_name() -> None:
    made = moved_state(state_of("dub/e1", "cut/e1"), (Moved(address="dub/e1", to="voice/e1"),))

    assert [(address, held.address) for address, held in made.instances.items()] == [
        ("voice/e1", "voice/e1"),
        ("cut/e1", "cut/e1"),
    ]


def test_a_name_that_was_changed_twice_is_followed_to_its_end() -> None:
    chain = manifest(("dubs/b", "dubs/c"), ("dub", "dubs"), ("dubs/a", "dubs/b"))

    assert moves(chain, graph_of("dubs/c"), state_of("dub/a")) == (Moved(address="dub/a", to="dubs/c"),)


def test_nothing_becomes_something_of_another_kind() -> None:
    assert moves(manifest(("dub", "fix")), graph_of("fix/e1"), state_of("dub/e1")) == ()


def test_what_leads_in_a_circle_ends() -> None:
    assert moves(manifest(("dub/a", "dub/b"), ("dub/b", "dub/a")), graph_of("dub/c"), state_of("dub/a")) == ()


def test_what_the_manifest_still_has_does_not_move() -> None:
    found = moves(manifest(("dub/a", "dub/b")), graph_of("dub/a", "dub/b"), state_of("dub/a"))

    assert found == ()
