"""What a compiled scalar knows of itself, and what happens to what is unknown, secret, or not there."""

from typing import Any

import pytest

from runner.compile.expressions.scope import ABSENT, Outputs
from runner.compile.expressions.template import ExpressionError, FieldMissing, compile_value
from runner.model.text import FileText, Secret
from runner.model.unknown import Unknown


def evaluate(text: str, **names: Any) -> Any:
    return compile_value(text).evaluate(names)


def test_a_text_without_an_expression_is_constant() -> None:
    assert compile_value("plain {{ text }}").constant


def test_the_same_text_compiles_once() -> None:
    assert compile_value("${{ vars.once }}") is compile_value("${{ vars.once }}")


def test_a_plain_path_is_read_without_jinja() -> None:
    template = compile_value('${{ jobs.dub[each.keys.lang].outputs["id"] }}')

    assert str(template.path) == "jobs.dub[each.keys.lang].outputs.id"


def test_blanks_around_the_only_expression_do_not_make_it_a_text() -> None:
    assert evaluate("  ${{ vars.n }}\n", vars={"n": 3}) == 3


def test_names_are_found_in_paths_and_in_expressions() -> None:
    template = compile_value("${{ vars.a }} ${{ each.b | upper }}")

    assert template.names == {"vars", "each"}


def test_files_and_variables_of_the_environment_are_known_before_evaluation() -> None:
    template = compile_value('${{ file("a.txt") }} ${{ env.HOME_OF | default("x") }} ${{ env.OTHER }}')

    assert (template.files, template.env) == (("a.txt",), ("HOME_OF", "OTHER"))


@pytest.mark.parametrize(
    ("text", "job", "key", "tolerant"),
    [
        ("${{ jobs.dub.outputs.id }}", "dub", "outputs", False),
        ('${{ jobs.dub["ep01/fr"].outputs.id }}', "dub", "ep01/fr", False),
        ('${{ jobs.dub["ep01"].outputs.id | default("") }}', "dub", "ep01", True),
        ('${{ jobs.dub["ep01"].outputs.id or "x" }}', "dub", "ep01", True),
        ('${{ jobs.dub["ep01"].outputs.id is defined }}', "dub", "ep01", True),
        ("${{ jobs.dub }}", "dub", None, False),
    ],
)
def test_a_reference_to_a_job_is_read_in_the_syntax_tree(
    text: str, job: str, key: str | None, tolerant: bool
) -> None:
    (reference,) = compile_value(text).job_references

    assert (reference.job, reference.key, reference.tolerant) == (job, key, tolerant)


def test_the_key_of_a_reference_can_be_evaluated_apart() -> None:
    (reference,) = compile_value(
        '${{ jobs.dub[each.id ~ "/" ~ vars.lang].outputs.id | upper }}'
    ).job_references

    assert reference.key is not None
    assert not isinstance(reference.key, str)
    assert reference.key.evaluate({"each": {"id": "ep01"}, "vars": {"lang": "fr"}}) == "ep01/fr"


@pytest.mark.parametrize("text", ["${{ jobs }}", "${{ jobs[each.job].outputs }}", "${{ jobs | length }}"])
def test_jobs_without_a_name_cannot_be_waited_for(text: str) -> None:
    with pytest.raises(ExpressionError, match="must be followed by a job's name"):
        compile_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "${{ vars.u }}", "a${{ vars.u }}", "${{ vars.u.x[1] }}", "${{ vars.u | upper }}", "${{ vars.u + 1 }}",
        "${{ vars.u == 1 }}", "${{ not vars.u }}", "${{ vars.u is none }}", "${{ vars.u is defined }}",
        "${{ vars.u | default('x') }}", "${{ vars.u or 1 }}", "${{ 1 if vars.u else 2 }}", "${{ 'a' ~ vars.u }}",
        "${{ [vars.u] | tojson }}", "${{ [vars.u] | join }}", "${{ [{'a': vars.u}] | one(a=1) }}",
        "${{ 1 in [vars.u] }}", "${{ vars.u[1:] }}", "${{ vars.u | length }}", "${{ {'a': 1}[vars.u] }}",
    ],
)  # fmt: skip
def test_any_operation_on_what_is_unknown_is_unknown(text: str) -> None:
    found = evaluate(text, vars={"u": Unknown("later")})

    assert isinstance(found, Unknown)
    assert found.reason == "later"


@pytest.mark.parametrize(
    "text", ["${{ 1 if true else vars.u.x }}", "${{ 1 or vars.u.x }}", "${{ 1 if 0 else 1 }}"]
)
def test_a_branch_not_taken_does_not_make_it_unknown(text: str) -> None:
    assert evaluate(text, vars={"u": Unknown("later")}) == 1


def test_default_reaches_through_several_missing_steps() -> None:
    assert evaluate("${{ vars.a.b.c | default('x') }}", vars={}) == "x"


def test_or_tolerates_only_work_that_was_skipped() -> None:
    skipped = {"outputs": Outputs("jobs.dub.outputs", ABSENT)}

    assert evaluate("${{ vars.outputs.text or 'none' }}", vars=skipped) == "none"
    with pytest.raises(FieldMissing):
        evaluate("${{ vars.text or 'none' }}", vars={})


def test_a_missing_output_of_finished_work_names_what_there_is() -> None:
    outputs = Outputs("jobs.dub.outputs", {"id": "p1", "status": "done"})

    with pytest.raises(FieldMissing) as caught:
        evaluate("${{ vars.outputs.idd }}", vars={"outputs": outputs})
    assert str(caught.value) == "`jobs.dub.outputs` has no `idd` — did you mean `id`?"


def test_a_secret_stays_secret_through_every_operation() -> None:
    names = {"vars": {"token": Secret("s3cret", "env.TOKEN")}}

    for text in (
        "${{ vars.token }}",
        "Bearer ${{ vars.token }}",
        "${{ vars.token | upper }}",
        "${{ vars.token[1:] }}",
    ):
        found = evaluate(text, **names)
        assert repr(found) == "Secret(env.TOKEN)", text


def test_the_text_of_a_secret_file_stays_secret_when_it_is_trimmed() -> None:
    def file(path: str, secret: bool = False) -> str:
        return Secret("s3cret\n", f"file:{path}") if secret else FileText("text", path)

    found = evaluate('${{ file("token", secret=true) | trim }}', file=file)

    assert (str.__str__(found), repr(found)) == ("s3cret", "Secret(file:token)")


def test_the_offset_leads_to_the_expression_that_is_wrong() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_value("text ${{ vars.a }} ${{ vras.b }}")

    assert caught.value.offset == 22


def test_one_names_near_misses() -> None:
    voices = [{"name": "John", "id": 1}, {"name": "Mia", "id": 2}]

    assert evaluate("${{ (vars.v | one(name='Mia')).id }}", vars={"v": voices}) == 2
    with pytest.raises(ExpressionError) as caught:
        evaluate("${{ vars.v | one(name='Jhon') }}", vars={"v": voices})
    assert str(caught.value) == 'none of 2 items has name="Jhon" — did you mean `John`?'


def test_one_refuses_two_matches() -> None:
    with pytest.raises(ExpressionError, match="2 of 2 items match"):
        evaluate("${{ vars.v | one(a=1) }}", vars={"v": [{"a": 1}, {"a": 1}]})


def test_the_second_mapping_wins_when_two_are_combined() -> None:
    assert evaluate("${{ vars.a | combine(vars.b) }}", vars={"a": {"x": 1, "y": 1}, "b": {"y": 2}}) == {
        "x": 1,
        "y": 2,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01:02:03", 3723),
        ("1:30", 90),
        ("0:01.5", 1.5),
        ("00:00:01,500", 1.5),
        ("90", 90),
        ("2m", 120.0),
        ("75.5", 75.5),
    ],
)
def test_times_become_seconds(text: str, value: float) -> None:
    assert evaluate("${{ vars.t | seconds }}", vars={"t": text}) == value


@pytest.mark.parametrize("text", ["1:75", "01:02:03:04", "soon", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="is not a time"):
        evaluate("${{ vars.t | seconds }}", vars={"t": text})
