"""The plan as people and programs read it."""

import json
from collections.abc import Sequence

from jsonschema import Draft202012Validator

from runner.api.openapi.schemas import schema_text
from runner.model.plan import BulkRequests, Change, Cost, FieldDiff, Plan, Verb
from runner.report.plan_json import plan_json
from runner.report.plan_text import plan_text
from runner.report.words import Look


def dub(key: str, verb: Verb, reason: str, **more: object) -> Change:
    paid = verb in (Verb.CREATE, Verb.REPLACE)
    return Change(f"dub/{key}", "dub", "dubformer.project", verb, reason, paid=paid, **more)  # type: ignore[arg-type]


def plan_of(changes: Sequence[Change], **more: object) -> Plan:
    return Plan("season-one", {change.address: change for change in changes}, **more)  # type: ignore[arg-type]


MIXED = plan_of(
    [
        dub("e1", Verb.CREATE, "new", cost=Cost(22.5, "minutes"), contract="find+key"),
        dub("e2", Verb.RESUME, "running there as P-2 (in_progress)"),
        dub(
            "e3",
            Verb.BLOCKED,
            "name changed; paying for it again needs consent",
            diff=(FieldDiff("name", "old", "new"),),
            command="runner apply --replace 'dub/e3'",
        ),
        dub("e4", Verb.NONE, "done"),
        dub("e5", Verb.CREATE, "new", sure=False, cost=Cost(10, "minutes"), contract="find+key"),
        Change("cut", "cut", "blurb.batch", Verb.CREATE, "new", paid=True, contract="none"),
    ],
    left=("dub/e9",),
    bulk=(BulkRequests("batch", 1200, 2),),
    balances={"dubformer": Cost(12, "minutes", estimate=False)},
)


def test_a_plan_shows_changes_by_job_with_reasons_diffs_commands_costs_and_a_sum() -> None:
    assert plan_text(MIXED, Look(options="-f season.yaml")) == (
        "dub (dubformer.project)\n"
        "  create    dub/e1  new\n"
        "  resume    dub/e2  running there as P-2 (in_progress)\n"
        "  blocked   dub/e3  name changed; paying for it again needs consent\n"
        "            name:\n"
        "              - old\n"
        "              + new\n"
        "            runner apply -f season.yaml --replace 'dub/e3'\n"
        "            or keep what is there: runner accept -f season.yaml 'dub/e3'\n"
        "  create?   dub/e5  new\n"
        "\n"
        "cut (blurb.batch)\n"
        "  create    cut  new\n"
        "\n"
        "Bulk: batch: 1,200 rows in at most 2 requests\n"
        "\n"
        "Cost: dubformer: 2 paid calls, about 22.5 to 32.5 minutes; balance 12 minutes:"
        " not enough, about 10.5 missing\n"
        "Cost: blurb: 1 paid call, cost unknown\n"
        "\n"
        "Note: 1 call of blurb.batch cannot be looked up there (contract none);"
        " a lost answer waits for `runner resolve`.\n"
        "\n"
        "Kept, but no longer in the manifest: dub/e9\n"
        "\n"
        "Plan: 3 to create, 1 to resume, 1 blocked, 1 unchanged."
    )


def test_many_changes_alike_are_collapsed_unless_everything_is_wanted() -> None:
    many = plan_of([dub(f"e{number:03}", Verb.CREATE, "new") for number in range(200)])

    assert plan_text(many).splitlines()[:5] == [
        "dub (dubformer.project)",
        "  create    dub/e000  new",
        "  create    dub/e001  new",
        "  create    dub/e002  new",
        "  create    … and 197 more like these (--verbose shows all)",
    ]
    assert plan_text(many, verbose=True).count("dub/e") == 200


def test_many_that_need_consent_are_given_one_command() -> None:
    many = plan_of(
        [
            dub(
                f"e{number}", Verb.BLOCKED, "needs consent", command=f"runner apply --replace 'dub/e{number}'"
            )
            for number in range(30)
        ]
    )

    assert "            runner apply --replace 'dub/*'" in plan_text(many).splitlines()


def test_many_that_need_consent_are_given_the_narrowest_glob_and_the_other_way_out() -> None:
    many = plan_of(
        [
            dub(
                f"e{number}/fr-FR",
                Verb.BLOCKED,
                "needs consent",
                command=f"runner apply --replace 'dub/e{number}/fr-FR'",
                diff=(FieldDiff("name", "a", "b"),),
            )
            for number in range(30)
        ]
    )

    told = plan_text(many).splitlines()

    assert "            runner apply --replace 'dub/*/fr-FR'" in told
    assert "            or keep what is there: runner accept 'dub/*/fr-FR'" in told


def test_no_text_of_others_steers_the_terminal_or_turns_what_is_read_around() -> None:
    diff = (FieldDiff("name", "Pilot\x1b[2K", "\u202etoliP"),)
    shown = plan_text(plan_of([dub("e1", Verb.BLOCKED, "failed there: \x1b[1A", diff=diff)]))

    assert not {"\x1b", "\u202e"} & set(shown)
    assert "- Pilot\\u001b[2K" in shown
    assert "+ \\u202etoliP" in shown
    assert "failed there: \\u001b[1A" in shown


def test_nothing_to_do_is_said() -> None:
    assert plan_text(plan_of([dub("e1", Verb.NONE, "done")])) == "Nothing to do: 1 unchanged."


def test_colours_stand_only_where_they_are_wanted() -> None:
    assert "\x1b[" not in plan_text(MIXED)
    assert "\x1b[32m" in plan_text(MIXED, Look(colour=True))


def test_the_plan_for_programs_has_the_published_shape() -> None:
    schema = json.loads(schema_text("plan.schema.json"))
    Draft202012Validator.check_schema(schema)

    made = json.loads(json.dumps(plan_json(MIXED)))

    assert list(Draft202012Validator(schema).iter_errors(made)) == []
    assert made["summary"] == {"create": 3, "resume": 1, "blocked": 1, "none": 1}


def test_every_verb_is_in_the_published_shape() -> None:
    schema = json.loads(schema_text("plan.schema.json"))

    assert schema["$defs"]["verb"]["enum"] == [verb.value for verb in Verb]
