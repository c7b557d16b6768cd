"""The end of a run."""

from runner.model.progress import RunResult, Trouble
from runner.report.outcome import outcome_json, outcome_text
from runner.report.words import Look

HERE = Look(options="-f season.yaml")


def failed(number: int) -> Trouble:
    return Trouble(f"dub/e{number}", "failed", "failed there: no speech found", "runner apply --retry-failed")


def test_a_good_run_says_what_was_paid_and_done() -> None:
    result = RunResult(paid={"dubformer": {"calls": 8, "minutes": 1272.5}}, done=16, files=16, seconds=75.2)

    assert outcome_text(result) == (
        "Paid: dubformer: 8 calls, 1,272.5 minutes\nFinished in 1 m 15 s: 16 done, 16 files saved."
    )


def test_troubles_are_told_by_kind_with_one_command_for_all_alike() -> None:
    doubt = Trouble(
        "dub/e9", "doubt", "two candidates", "runner resolve dub/e9 --adopt ID | --resend | --abandon"
    )
    result = RunResult((failed(1), failed(2), doubt), done=3, seconds=2)

    assert outcome_text(result, HERE) == (
        "1 in doubt:\n"
        "  dub/e9  two candidates\n"
        "      runner resolve -f season.yaml dub/e9 --adopt ID | --resend | --abandon\n"
        "\n"
        "2 failed:\n"
        "  dub/e1  failed there: no speech found\n"
        "  dub/e2  failed there: no speech found\n"
        "      runner apply -f season.yaml --retry-failed\n"
        "\n"
        "Finished in 2.0 s: 3 done, 3 troubles."
    )


def test_many_troubles_are_cut_with_their_number() -> None:
    text = outcome_text(RunResult(tuple(failed(number) for number in range(100))), HERE)

    assert text.splitlines()[0] == "100 failed:"
    assert "  … and 95 more (`runner status -f season.yaml` lists them)" in text.splitlines()


def test_many_troubles_with_a_command_each_are_given_one_for_all() -> None:
    blocked = [
        Trouble(f"dub/e{number}", "blocked", "changed", f"runner apply --replace 'dub/e{number}'")
        for number in range(30)
    ]

    text = outcome_text(RunResult(tuple(blocked)))

    assert "      all of them: runner apply --replace 'dub/*'" in text.splitlines()


def test_what_still_runs_says_how_to_look_again() -> None:
    text = outcome_text(RunResult(running=12, seconds=1), HERE)

    assert text.endswith("12 still running.\nLook again with: runner apply -f season.yaml")


def test_an_interrupted_run_says_that_nothing_is_lost() -> None:
    text = outcome_text(RunResult(interrupted=True, seconds=1), HERE)

    assert text.splitlines()[-1] == "Nothing is lost. Carry on with: runner apply -f season.yaml"


def test_programs_get_every_trouble_and_the_exit_code() -> None:
    made = outcome_json(RunResult((failed(1),), requests={"dubformer": 7}), 1)

    assert made["exit"] == 1
    assert made["requests"] == {"dubformer": 7}
    assert made["troubles"][0]["address"] == "dub/e1"
