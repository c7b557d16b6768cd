"""What a person is told after a crash, contract by contract, and after a replacement that the API refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crashpoints import IN_DOUBT, KILLED, Case, Scene, check, staged, write
from workshop import Workshop, open_workshop

JOB = "  one:\n    uses: workshop.{use}\n    with: {{title: T}}\n    save: {{file: out/one.bin}}\n"


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


def case_of(contract: str) -> Case:
    return Case(f"told-{contract}", (contract,), JOB.format(use=contract), ("T",), ("one.bin",))


def killed_before_the_record(case: Case, workshop: Workshop, folder: Path, scene: Scene) -> None:
    """The process dies when the answer to the paid call has come, and nobody has written it down."""
    with staged(case, workshop, write(case, workshop, folder / "counted")) as counted:
        assert counted.apply() == 0
        at = counted.points.index("call: answered") + 1
    workshop.put(case.name, scene.world)
    assert scene.apply(dies_at=at) == KILLED
    assert len(scene.ledger()) == 1


def said(scene: Scene) -> str:
    return (scene.folder / "apply.log").read_text()


def files(scene: Scene) -> int:
    return len(list((scene.folder / "out").iterdir()))


@pytest.mark.fault(
    "process",
    "kill -9 between a paid call and its record, where a list shows what was made",
    sees="adopted     one",
    kept={"orders": 1, "files": 1},
)
def test_what_a_list_shows_is_adopted(workshop: Workshop, tmp_path: Path, fault) -> None:
    case = case_of("find")
    with staged(case, workshop, write(case, workshop, tmp_path / "run")) as scene:
        killed_before_the_record(case, workshop, tmp_path, scene)

        assert scene.apply() == 0

        fault.saw(said(scene))
        fault.kept(orders=len(scene.ledger()), files=files(scene))
        check(case, scene, 0)


@pytest.mark.fault(
    "process",
    "kill -9 between a paid call and its record, under an idempotency key of documented life",
    sees="sending     one  workshop.key again (attempt 2)",
    kept={"orders": 1, "files": 1, "facts": ("the repeat carries the same key",)},
)
def test_under_a_key_the_call_is_repeated_and_nothing_is_made_twice(
    workshop: Workshop, tmp_path: Path, fault
) -> None:
    case = case_of("key")
    with staged(case, workshop, write(case, workshop, tmp_path / "run")) as scene:
        killed_before_the_record(case, workshop, tmp_path, scene)

        assert scene.apply() == 0

        fault.saw(said(scene))
        fault.kept(orders=len(scene.ledger()), files=files(scene))
        assert scene.world is not None
        fault.fact("the repeat carries the same key", len(scene.world.keys) == 1)
        check(case, scene, 0)


@pytest.mark.fault(
    "process",
    "kill -9 between a paid call and its record, where the API offers nothing to look it up by",
    sees="its answer was lost, and workshop offers no way to look it up … resolve",
    kept={"orders": 1, "doubt": 1, "facts": ("nothing is sent again", "resolve --adopt makes it whole")},
)
def test_without_a_contract_it_is_in_doubt_until_a_person_speaks(
    workshop: Workshop, tmp_path: Path, fault
) -> None:
    case = case_of("none")
    with staged(case, workshop, write(case, workshop, tmp_path / "run")) as scene:
        killed_before_the_record(case, workshop, tmp_path, scene)

        codes = [scene.apply(), scene.apply()]

        fault.saw(said(scene))
        fault.kept(orders=len(scene.ledger()), doubt=len(scene.doubts()))
        fault.fact("nothing is sent again", codes == [IN_DOUBT, IN_DOUBT])
        assert scene.resolve("one", "--adopt", scene.ledger()[0][1]) == 0
        fault.fact("resolve --adopt makes it whole", scene.apply() == 0)
        check(case, scene, 0)


@pytest.mark.fault(
    "answers",
    "a replacement is refused, and the manifest goes back to what it said before",
    sees="Nothing to do: 1 unchanged.",
    kept={"orders": 1, "files": 1, "facts": ("what was to be replaced stands as before",)},
)
def test_going_back_after_a_refused_replacement_is_not_paid_for(
    workshop: Workshop, tmp_path: Path, fault
) -> None:
    case = case_of("find")
    with staged(case, workshop, write(case, workshop, tmp_path / "run")) as scene:
        assert scene.apply() == 0
        assert scene.world is not None
        manifest, before = scene.folder / "m.yaml", scene.state().instances["one"]
        text = manifest.read_text()
        scene.world.refuse = "U"
        manifest.write_text(text.replace("title: T", "title: U"))
        refused = scene.apply("--replace", "one")
        manifest.write_text(text)

        code = scene.apply()

        held = scene.state().instances["one"]
        assert (refused, code) == (1, 0), said(scene)
        fault.saw(said(scene))
        fault.kept(orders=len(scene.ledger()), files=files(scene))
        same = (held.id, held.outputs, held.files) == (before.id, before.outputs, before.files)
        fault.fact("what was to be replaced stands as before", same)
