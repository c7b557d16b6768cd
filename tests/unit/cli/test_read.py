"""Commands that change nothing: validate, plan, status, show."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from runner.api.openapi.schemas import schema_text


def test_a_broken_manifest_is_printed_with_every_problem_and_its_line(runner, folder: Path) -> None:
    file = folder / "season.yaml"
    file.write_text(
        file.read_text().replace("source_lang", "sorce_lang").replace("dubformer.project", "dubformer.projct")
    )

    ended = runner("validate")

    assert ended.code == 3
    assert "season.yaml:8:" in ended.out
    assert "did you mean `project`?" in ended.out
    assert ended.out.splitlines()[-1].endswith("problem")


def test_problems_are_told_to_programs_too(runner, folder: Path) -> None:
    (folder / "season.yaml").write_text("version: 1\njobs:\n  dub: {uses: nobody.knows}\n")

    ended = runner("validate", "-f", "season.yaml", "--json")

    found = json.loads(ended.out)
    assert ended.code == 3
    assert found["valid"] is False
    assert {problem["file"] for problem in found["problems"]} == {"season.yaml"}


def test_a_plan_of_a_broken_manifest_prints_its_problems_aside(runner, folder: Path) -> None:
    (folder / "season.yaml").write_text("version: 1\njobs:\n  dub: {uses: nobody.knows}\n")

    ended = runner("plan", "-f", "season.yaml", "--offline")

    assert (ended.code, ended.out) == (3, "")
    assert "nobody" in ended.err


def test_an_offline_plan_needs_no_credentials(runner) -> None:
    assert runner("plan", "--offline").out == (
        "dub (dubformer.project)\n"
        "  create    dub/e1  new\n"
        "  create    dub/e2  new\n"
        "\n"
        "Cost: dubformer: 2 paid calls, about 30 minutes\n"
        "\n"
        "Offline: nobody was asked; balances, names and lookups are checked by apply.\n"
        "Plan: 2 to create.\n"
    )


def test_an_online_plan_asks_for_the_credentials_that_it_lacks(runner) -> None:
    ended = runner("plan")

    assert ended.code == 3
    assert "SEASON_TOKEN" in ended.err


def test_a_plan_for_programs_has_the_published_shape(runner) -> None:
    made = json.loads(runner("plan", "--offline", "--json").out)

    assert list(Draft202012Validator(json.loads(schema_text("plan.schema.json"))).iter_errors(made)) == []
    assert [change["address"] for change in made["changes"]] == ["dub/e1", "dub/e2"]


def test_changes_have_an_exit_code_of_their_own_when_it_is_wanted(runner) -> None:
    assert runner("plan", "--offline", "--detailed-exitcode").code == 2


def test_vars_come_from_the_command_line_and_from_files(runner, folder: Path) -> None:
    file = folder / "season.yaml"
    file.write_text(
        file.read_text()
        .replace("data:", "vars: {lang: fr-FR}\ndata:")
        .replace(": fr-FR\n", ": ${{ vars.lang }}\n")
    )
    (folder / "vars.yaml").write_text("lang: de-DE\n")

    assert runner("validate", "--var", "lang=de-DE").code == 0
    assert runner("validate", "--vars", "vars.yaml").code == 0
    assert runner("validate", "--var", "lnag=de-DE").code == 3
    assert runner("validate", "--var", "lang").code == 64


def test_a_glob_that_names_nothing_is_refused(runner) -> None:
    ended = runner("plan", "--offline", "--replace", "dbu/*")

    assert ended.code == 64
    assert "addresses look like dub/e1" in ended.err


def test_status_of_nothing_says_what_to_type(runner) -> None:
    assert runner("status").out == "Nothing was done yet. See what would be: runner plan -f season.yaml\n"


def test_status_leaves_no_state_behind(runner, folder: Path) -> None:
    runner("status")

    assert not (folder / ".runner").exists()


def test_an_address_that_the_state_does_not_know_is_refused(runner) -> None:
    ended = runner("show", "dub/e1")

    assert ended.code == 64
    assert "dub/e1" in ended.err


def test_apply_without_a_terminal_must_be_approved_beforehand(runner) -> None:
    ended = runner("apply", "--sandbox", "--speed", "600")

    assert ended.code == 64
    assert "--auto-approve" in ended.err


def test_resolve_needs_one_way_out(runner) -> None:
    assert runner("resolve", "dub/e1").code == 64
    assert runner("resolve", "dub/e1", "--resend", "--abandon").code == 64
