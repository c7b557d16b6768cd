"""`apply --json`: each line has the shape that `runner schema events` publishes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from applying import SEASON, Ended, captured, fault
from jsonschema import Draft202012Validator

import runner
from runner.api.openapi.schemas import schema_text
from runner.model.progress import WHAT

ROWS_OF_ERRORS = SEASON.replace("source_lang: en", "source_lang: [en]")


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """As it is printed: whole in itself, with nothing beside it to look up."""
    printed = captured(["schema", "events"])
    assert printed.code == 0, printed.all
    found = json.loads(printed.out)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def lines(ended: Ended, schema: Draft202012Validator) -> list[dict[str, Any]]:
    """The lines, each of which is valid."""
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [(line, error.message) for line in found for error in schema.iter_errors(line)] == []
    return found


def test_a_whole_run_is_a_plan_then_events_then_a_result(stage, schema) -> None:
    season = stage(SEASON)

    told = lines(season.apply("--json"), schema)

    kinds = [line["type"] for line in told]
    assert (kinds[0], set(kinds[1:-1]), kinds[-1]) == ("plan", {"event"}, "result")
    assert {line["what"] for line in told[1:-1]} >= {"sending", "accepted", "ready", "saved"}
    assert told[-1]["paid"]["dubformer"]["calls"] == 2


def test_a_run_with_troubles_tells_them_in_its_result(stage, schema) -> None:
    season = stage(SEASON)
    season.faults(fault("createProject", times=1, status=400))

    ended = season.apply("--json")

    told = lines(ended, schema)
    assert told[-1]["exit"] == ended.code != 0
    assert len(told[-1]["troubles"]) == 1


def test_where_there_is_nothing_to_do_the_plan_stands_alone(stage, schema) -> None:
    season = stage(SEASON)
    season.apply()

    told = lines(season.apply("--json"), schema)

    assert [line["type"] for line in told] == ["plan"]
    assert told[0]["empty"] is True


def test_an_invalid_manifest_is_told_in_one_line(stage, schema) -> None:
    season = stage(ROWS_OF_ERRORS)

    ended = season.apply("--json")

    told = lines(ended, schema)
    assert ended.code == 3
    assert [line["type"] for line in told] == ["problems"]


def test_what_an_event_may_tell_is_what_the_engine_tells() -> None:
    schema = json.loads(schema_text("events.schema.json"))

    assert schema["$defs"]["event"]["properties"]["what"]["enum"] == list(WHAT)


def test_every_word_that_the_engine_tells_is_one_that_programs_know() -> None:
    engine = Path(runner.__file__).parent / "engine"
    told = {
        word
        for file in engine.rglob("*.py")
        for word in re.findall(r"""\.\_?tell\([^,()]*,\s*"(\w+)\"""", file.read_text(encoding="utf-8"))
    }

    assert told >= {"stopping", "notice", "sending"}
    assert told <= set(WHAT)


@pytest.mark.parametrize(
    "line", [{"type": "plan"}, {"type": "event", "at": "", "address": "a", "what": "odd"}]
)
def test_other_lines_are_not_valid(schema, line: dict[str, Any]) -> None:
    assert not schema.is_valid(line)


def test_a_plan_that_does_not_tell_its_type_is_no_line(stage, schema) -> None:
    plan = json.loads(stage(SEASON).run("plan", "--json").out)

    assert not schema.is_valid(plan)
    assert schema.is_valid({"type": "plan", **plan})
