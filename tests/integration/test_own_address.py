"""Providers at addresses and with credentials of the manifest's own, as against the real APIs."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from applying import Ended, Stage, captured
from seasons import DUB_FROM_MEDIA, DUBFORMER, HEAD, REVOICE, SCRIPT_AND_BATCH

from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings
from runner.engine.run import open_session
from runner.engine.running.desk import RunOptions
from runner.model.progress import RunResult

PUBLISH = """\
publish: {directory: published, base_url: "${{ env.FILES_URL }}"}
"""
MANIFEST = f"{HEAD}{PUBLISH}providers:\n{DUBFORMER}{REVOICE}jobs:\n{DUB_FROM_MEDIA}{SCRIPT_AND_BATCH}"
SPEED = 500.0


@pytest.fixture
def season(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A season whose environment leads to the sandbox."""
    made = stage(MANIFEST, speed=SPEED)
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    return made


def environment(season: Stage) -> dict[str, str]:
    """What a person would set."""
    sandbox = season.sandbox
    return {
        "DUBFORMER_URL": sandbox.base_urls["dubformer"],
        "DUBFORMER_TOKEN": sandbox.credentials["dubformer"]["token"],
        "REVOICE_URL": sandbox.base_urls["revoice"],
        "REVOICE_ID": sandbox.credentials["revoice"]["client_id"],
        "REVOICE_SECRET": sandbox.credentials["revoice"]["client_secret"],
        "FILES_URL": sandbox.files_url,
        "MEDIA_URL": sandbox.media_url,
    }


def apply(season: Stage, env: Mapping[str, str]) -> RunResult:
    """Plan and apply as the command does, with an engine whose polls are faster."""
    work, problems = check_file(season.file, {}, Surroundings(env))
    assert work is not None, [str(problem) for problem in problems]
    with open_session(work, RunOptions(speed=SPEED)) as session:
        return session.apply(session.plan(), lambda progress: None)


def command(season: Stage, *words: str) -> Ended:
    """A command without `--sandbox`."""
    return captured([*words, "-f", str(season.file)])


def journal_of(season: Stage) -> Path:
    return season.folder / ".runner" / "season.db"


def test_everything_is_done_once_at_the_addresses_of_the_manifest(season: Stage) -> None:
    result = apply(season, environment(season))

    assert result.troubles == ()
    assert season.paid() == {"e1": 1, "e2": 1, "batch e1": 1, "batch e2": 1}
    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}
    again = command(season, "plan")
    assert again.out.startswith("Nothing to do"), again.all


def test_no_credential_is_found_in_the_journal_the_output_or_a_plan(season: Stage) -> None:
    season.faults({"match": {"operation": "createProject"}, "times": 1, "do": {"drop": "after"}})

    planned = command(season, "plan", "--json")
    sent = command(season, "apply", "--auto-approve", "--no-wait", "--verbose")
    apply(season, environment(season))
    told = [command(season, "status", "--json"), command(season, "show", "dub/e1", "--json")]

    assert planned.code == 0, planned.all
    assert sent.code == 0, sent.all
    assert json.loads(planned.out)
    env = environment(season)
    secrets = [env[name] for name in ("DUBFORMER_TOKEN", "REVOICE_ID", "REVOICE_SECRET")]
    texts = "".join(ended.all for ended in (planned, sent, *told))
    files = [path for path in journal_of(season).parent.glob("season.db*") if path.is_file()]
    files += [path for path in journal_of(season).parent.glob("season.blobs/**/*") if path.is_file()]
    bytes_ = b"".join(path.read_bytes() for path in files)
    assert journal_of(season).stat().st_mode & 0o777 == 0o600
    assert [secret for secret in secrets if secret in texts] == []
    assert [secret for secret in (*secrets, "Bearer ") if secret.encode() in bytes_] == []


def test_a_publish_url_that_leads_elsewhere_is_found_before_anything_is_paid_for_it(season: Stage) -> None:
    env = environment(season) | {"FILES_URL": season.sandbox.files_url + "elsewhere/"}

    result = apply(season, env)

    assert season.paid() == {"e1": 1, "e2": 1}
    assert {trouble.address for trouble in result.troubles} == {
        "script/e1",
        "script/e2",
        "batch/e1",
        "batch/e2",
    }
    assert "is publish.base_url where publish.directory is served?" in result.troubles[0].reason
    assert season.changing().get("revoice.createBulk", 0) == 0


def test_a_publish_url_that_yields_other_bytes_is_found_as_well(season: Stage) -> None:
    (season.folder / "other").mkdir()
    season.change("directory: published", "directory: other")

    result = apply(season, environment(season))

    assert season.paid() == {"e1": 1, "e2": 1}
    assert len(result.troubles) == 4


def test_media_that_lead_nowhere_block_before_anything_is_paid(season: Stage) -> None:
    env = environment(season) | {"MEDIA_URL": season.sandbox.url + "/nowhere/"}

    result = apply(season, env)

    assert season.paid() == {"batch e1": 1, "batch e2": 1}
    assert {(trouble.address, trouble.kind) for trouble in result.troubles} == {
        ("dub/e1", "blocked"),
        ("dub/e2", "blocked"),
    }
    assert "leads nowhere" in result.troubles[0].reason


def test_an_unset_credential_is_a_problem_before_anything_is_asked(
    season: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUBFORMER_TOKEN")

    ended = command(season, "apply", "--auto-approve")

    assert ended.code == 3, ended.all
    assert "DUBFORMER_TOKEN" in ended.err
    assert sum(season.sandbox.requests().values()) == 0


def test_a_wrong_credential_pays_nothing_and_is_never_repeated_in_words(
    season: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBFORMER_TOKEN", "a-wrong-token")
    monkeypatch.setenv("REVOICE_SECRET", "a-wrong-secret")

    ended = command(season, "apply", "--auto-approve")

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "a-wrong" not in ended.all
    assert "refused the credentials" in ended.out, ended.all


def test_nobody_listens_there(season: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBFORMER_URL", "http://127.0.0.1:9")

    ended = command(season, "apply", "--auto-approve", "--target", "dub/*")

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "could not be read" in ended.out
