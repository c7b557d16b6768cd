"""A finished thing whose changed inputs an update takes is updated where it stands: same id, same generation."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from applying import Ended, captured
from faultbook import Fault
from workshop import Workshop, World, content_of, document, open_workshop

from runner.engine.state.store import read_state
from runner.model.state import InstanceState, Phase

MANIFEST = """\
version: 1
name: m
providers:
  workshop: {openapi: workshop.yaml, base_url: "BASE", settle: {effect: 200ms, lag: 20ms}MORE}
jobs:
JOBS"""

ONE = """\
  one:
    uses: workshop.USE
    with: {title: T, token: A}
    save: {file: out/one.bin}
"""

BEHIND = """\
  two:
    uses: workshop.card
    with: {title: "${{ jobs.one.outputs.id }}"}
  three:
    uses: workshop.card
    with: {title: "${{ jobs.one.outputs.title }}"}
"""


@dataclass(frozen=True)
class Bench:
    """A folder with a manifest, and the world that it works on."""

    folder: Path
    world: World

    def run(self, *words: str) -> Ended:
        return captured([*words, "-f", str(self.folder / "m.yaml")])

    def apply(self, *words: str) -> Ended:
        return self.run("apply", "--auto-approve", *words)

    def change(self, before: str, after: str) -> None:
        file = self.folder / "m.yaml"
        text = file.read_text()
        assert before in text, text
        file.write_text(text.replace(before, after))

    def held(self, address: str = "one") -> InstanceState:
        return read_state(self.folder / ".runner" / "m.db", "m").instances[address]

    def asked(self) -> list[dict[str, object]]:
        """What each change sent."""
        return [sent for _, sent in self.world.changes]


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@dataclass
class Made:
    """Makes benches whose manifest was applied once."""

    workshop: Workshop
    folder: Path

    def __call__(self, use: str, more: str = "", provider: str = "", *, gated: bool = False) -> Bench:
        world = self.workshop.put(self.folder.name, World())
        uses = dict.fromkeys((use, "card"))
        (self.folder / "workshop.yaml").write_text(document(*uses))
        text = MANIFEST.replace("BASE", world.base).replace("MORE", provider)
        (self.folder / "m.yaml").write_text(text.replace("JOBS", ONE.replace("USE", use) + more))
        bench = Bench(self.folder, world)
        if gated:
            bench.run("approve", "one")
        ended = bench.apply()
        assert ended.code == 0, ended.all
        return bench


@pytest.fixture
def applied(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("NO_COLOR", "1")
    return Made(workshop, tmp_path)


def test_a_free_update_of_what_was_paid_for_needs_no_consent(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert ended.code == 0, ended.all
    assert "update    one  title changed" in ended.out
    assert "1 to update." in ended.out
    assert bench.asked() == [{"title": "U"}]
    assert bench.world.ordered() == {"T": 1}


def test_what_was_updated_keeps_its_id_its_number_and_its_files(applied: Made) -> None:
    bench = applied("card")
    before = bench.held()
    bench.change("title: T", "title: U")

    bench.apply()

    held = bench.held()
    assert (held.id, held.generation, held.former) == (before.id, before.generation, ())
    assert held.files == before.files
    assert (held.outputs["title"], held.inputs["title"]) == ("U", "U")
    assert held.updated == ("title",)


def test_what_was_updated_is_done(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    bench.apply()

    ended = bench.apply()

    assert "Nothing to do" in ended.out
    assert len(bench.world.changes) == 1


def test_a_field_that_no_update_takes_is_replaced_with_consent(applied: Made) -> None:
    bench = applied("stub")
    bench.change("title: T", "title: U")

    ended = bench.run("plan")

    assert ended.code == 7
    said = "title changed; an update does not take title; paying for it again needs consent"
    assert f"blocked   one  {said}" in ended.out


def test_one_field_that_no_update_takes_makes_the_whole_a_replacement(applied: Made) -> None:
    bench = applied("stub")
    bench.change("title: T, token: A", "title: U, token: B")

    ended = bench.apply("--replace", "one")

    assert ended.code == 0, ended.all
    assert "replace   one  title, token changed; an update does not take title" in ended.out
    assert bench.world.changes == []
    assert bench.world.ordered() == {"T": 1, "U": 1}


def test_a_field_that_is_taken_away_is_no_update_of_a_part(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T, token: A", "title: T")

    ended = bench.run("plan")

    assert "an update cannot take token away" in ended.out


def test_a_paid_update_waits_for_consent(applied: Made) -> None:
    bench = applied("sign")
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert ended.code == 7
    assert "title changed; the update is paid, and needs consent" in ended.out
    assert bench.world.changes == []


def test_a_paid_update_counts_as_paid(applied: Made) -> None:
    bench = applied("sign")
    bench.change("title: T", "title: U")

    ended = bench.apply("--replace", "one")

    assert "Cost: workshop: 1 paid call" in ended.out
    assert "Paid: workshop: 1 call" in ended.out
    assert "workshop  2      unknown  unknown (1 call)  unknown" in bench.run("report", "cost").out


def test_a_free_update_is_in_no_books(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert "Cost:" not in ended.out
    assert "Paid:" not in ended.out
    assert "workshop  1      unknown  -       unknown" in bench.run("report", "cost").out


def test_a_budget_of_calls_holds_for_paid_updates(applied: Made) -> None:
    bench = applied("sign", provider=", budget: {calls: 1}")
    bench.change("title: T", "title: U")

    ended = bench.apply("--replace", "one")

    assert ended.code == 7
    assert "the budget of workshop is 1 call; spent or reserved: 1 call" in ended.all
    assert bench.world.changes == []


def test_the_paid_updates_of_earlier_runs_count_in_a_budget(applied: Made) -> None:
    bench = applied("sign", provider=", budget: {calls: 2}")
    bench.change("title: T", "title: U")
    bench.apply("--replace", "one")
    bench.change("title: U", "title: V")

    ended = bench.apply("--replace", "one")

    assert "the budget of workshop is 2 calls; spent or reserved: 2 calls" in ended.all
    assert bench.asked() == [{"title": "U"}]


def test_what_has_gone_there_cannot_be_updated(applied: Made) -> None:
    bench = applied("card")
    bench.world.things.clear()
    bench.run("refresh")
    bench.change("title: T", "title: U")

    ended = bench.run("plan")

    assert "title changed; it is not there any more; paying for it again needs consent" in ended.out


def test_what_was_updated_last_is_shown(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    bench.apply()

    assert "updated     title" in bench.run("show", "one").out


def test_a_free_update_passes_a_budget_that_is_spent(applied: Made) -> None:
    bench = applied("card", provider=", budget: {calls: 1}")
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert ended.code == 0, ended.all


def test_a_paid_update_whose_outcome_is_open_keeps_its_money(applied: Made) -> None:
    bench = applied("stub", provider=", budget: {calls: 2}")
    bench.change("token: A", "token: B")
    bench.world.lose = 1
    bench.apply("--replace", "one")
    file = bench.folder / "m.yaml"
    file.write_text(file.read_text() + "  two: {uses: workshop.card, with: {title: V}}\n")

    ended = bench.apply()

    assert "Budget: workshop: 2 calls, 1 spent, 1 reserved, 0 left" in ended.all
    assert bench.world.ordered()["V"] == 0


def test_results_that_are_made_anew_are_waited_for_and_fetched_anew(applied: Made) -> None:
    bench = applied("proof")
    bench.change("title: T", "title: U")

    ended = bench.apply("--replace", "one")

    assert ended.code == 0, ended.all
    assert (bench.folder / "out/one.bin").read_bytes() == content_of("proofs-1-2")
    assert bench.held().outputs["revision"] == 2


def test_what_reads_the_id_of_an_updated_thing_is_left_alone(applied: Made) -> None:
    bench = applied("card", BEHIND)
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert ended.code == 0, ended.all
    assert "two" not in ended.out
    assert bench.held("two").updated == ()


def test_what_reads_a_field_of_an_updated_thing_may_be_updated_in_turn(applied: Made) -> None:
    bench = applied("card", BEHIND)
    bench.change("title: T", "title: U")

    ended = bench.apply()

    assert "update?   three  one changes" in ended.out
    assert bench.held("three").outputs["title"] == "U"


def test_an_update_that_was_refused_leaves_all_as_it_was(applied: Made) -> None:
    bench = applied("card")
    before = bench.held()
    bench.change("title: T", "title: U")
    bench.world.refuse = "U"

    ended = bench.apply()

    held = bench.held()
    assert ended.code == 1, ended.all
    assert (held.phase, held.digest, held.outputs, held.files) == (
        before.phase, before.digest, before.outputs, before.files,
    )  # fmt: skip


def test_going_back_after_a_refused_update_is_nothing_to_do(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    bench.world.refuse = "U"
    bench.apply()
    bench.change("title: U", "title: T")

    ended = bench.run("plan")

    assert "Nothing to do" in ended.out


@pytest.mark.fault(
    "answers",
    "the answer to an update that costs nothing is lost",
    sees="update of title again (attempt 2)",
    kept={"orders": 1, "facts": ("it is sent again, and what was there keeps its id and its files",)},
)
def test_a_lost_answer_to_a_free_update_is_sent_again(applied: Made, fault: Fault) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    bench.world.lose = 1

    ended = bench.apply()

    assert ended.code == 0, ended.all
    assert bench.asked() == [{"title": "U"}, {"title": "U"}]
    fault.saw(ended.all)
    fault.kept(orders=len(bench.world.ledger))
    same = bench.held().id == "cards-1" and not bench.held().former
    fault.fact("it is sent again, and what was there keeps its id and its files", same)


@pytest.mark.fault(
    "answers",
    "the answer to a paid update is lost",
    sees="adopted one",
    kept={"orders": 2, "facts": ("it was paid for once, and found at the thing itself",)},
)
def test_a_lost_answer_to_a_paid_update_is_looked_for_at_the_thing(applied: Made, fault: Fault) -> None:
    bench = applied("sign")
    bench.change("title: T", "title: U")
    bench.world.lose = 1

    ended = bench.apply("--replace", "one")

    assert ended.code == 0, ended.all
    fault.saw(ended.all)
    fault.kept(orders=len(bench.world.ledger))
    fault.fact("it was paid for once, and found at the thing itself", bench.asked() == [{"title": "U"}])


def test_a_paid_update_that_was_never_done_is_sent_again(applied: Made) -> None:
    bench = applied("sign")
    bench.change("title: T", "title: U")
    bench.world.drop = 1

    ended = bench.apply("--replace", "one")

    assert ended.code == 0, ended.all
    assert bench.asked() == [{"title": "U"}]


@pytest.mark.fault(
    "answers",
    "the answer to a paid update is lost, and nothing shows what it changed",
    sees="workshop does not show what it changed",
    kept={"orders": 2, "doubt": 1, "facts": ("it is never sent again by itself",)},
)
def test_a_paid_update_that_nothing_shows_is_in_doubt(applied: Made, fault: Fault) -> None:
    bench = applied("stub")
    bench.change("token: A", "token: B")
    bench.world.lose = 1

    ended = bench.apply("--replace", "one")

    assert ended.code == 5
    fault.saw(ended.all)
    bench.apply()
    doubtful = 1 if bench.held().phase is Phase.DOUBT else 0
    fault.kept(orders=len(bench.world.ledger), doubt=doubtful)
    fault.fact("it is never sent again by itself", len(bench.world.changes) == 1)


def test_a_person_may_say_that_an_update_in_doubt_was_done(applied: Made) -> None:
    bench = applied("stub")
    bench.change("token: A", "token: B")
    bench.world.lose = 1
    bench.apply("--replace", "one")
    bench.run("resolve", "one", "--adopt", "stubs-1")

    ended = bench.apply()

    assert ended.code == 0, ended.all
    assert (bench.held().id, bench.held().inputs["token"]) == ("stubs-1", "B")
    assert len(bench.world.changes) == 1


def test_an_update_that_was_given_up_in_doubt_may_be_there(applied: Made) -> None:
    bench = applied("stub")
    bench.change("token: A", "token: B")
    bench.world.lose = 1
    bench.apply("--replace", "one")
    bench.run("resolve", "one", "--abandon")
    bench.change("token: B", "token: A")

    ended = bench.apply()

    assert ended.code == 7
    assert "nobody knows whether its last update was done; the update is paid, and needs consent" in ended.out


def test_kept_work_is_not_updated(applied: Made) -> None:
    bench = applied("card", "    on_change: keep\n")
    bench.change("title: T", "title: U")

    ended = bench.run("plan")

    assert "kept (on_change: keep) although title changed" in ended.out


def test_accepted_work_is_not_updated(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    bench.run("accept", "one")

    ended = bench.apply()

    assert "Nothing to do" in ended.out
    assert bench.world.changes == []


def test_a_saved_plan_of_an_update_is_carried_out_once(applied: Made) -> None:
    bench = applied("card")
    bench.change("title: T", "title: U")
    file = str(bench.folder / "plan.json")
    bench.run("plan", "--out", file)

    codes = [captured(["apply", file]).code for _ in range(2)]

    assert codes == [0, 6]
    assert bench.asked() == [{"title": "U"}]


def test_the_plan_names_the_updates_that_nothing_shows(applied: Made) -> None:
    bench = applied("stub")
    bench.change("token: A", "token: B")

    said = bench.run("plan", "--replace", "one").out

    assert "1 call of workshop.stub cannot be looked up there (contract none)" in said


def test_an_update_waits_at_the_gate_of_its_job(applied: Made) -> None:
    bench = applied("card", "    approve: true\n", gated=True)
    bench.change("title: T", "title: U")

    waiting = bench.apply()
    bench.run("approve", "one")
    passed = bench.apply()

    assert "update    one  title changed; waits for approval" in waiting.out
    assert passed.code == 0, passed.all
    assert bench.asked() == [{"title": "U"}]
    assert bench.held().gate is None


def test_a_row_that_was_renamed_is_moved_and_then_updated(applied: Made) -> None:
    bench = applied("card")
    bench.change("  one:\n", "  uno:\n")
    bench.change("title: T", "title: U")
    bench.run("state", "mv", "one", "uno")

    ended = bench.apply()

    assert ended.code == 0, ended.all
    assert bench.held("uno").id == "cards-1"
    assert bench.asked() == [{"title": "U"}]
