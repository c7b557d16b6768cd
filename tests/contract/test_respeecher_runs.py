"""Whole runs against the emulated Respeecher: from an empty account to converted sounds."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from applying import Stage, fault, staged

from runner.cli.main import run
from runner.sandbox.ground.film import sound
from runner.sandbox.respeecher.catalogue import USER
from runner.sandbox.respeecher.session import PASSWORD

NARRATOR = """\
version: 1
name: season
jobs:
  voices:
    uses: respeecher.voices
    with: {gender: female, pitch_group: low}
  project:
    uses: respeecher.project
    with: {name: Season one}
  folder:
    uses: respeecher.folder
    with: {name: Episode 1, project_id: "${{ jobs.project.outputs.id }}"}
  take:
    uses: respeecher.recording
    with: {data: take.wav, parent_folder_id: "${{ jobs.folder.outputs.id }}", microphone: file}
    save: {audio: out/take.wav}
  line:
    uses: respeecher.tts
    with: {parent_folder_id: "${{ jobs.folder.outputs.id }}", text: Once upon a time.}
  convert:
    uses: respeecher.conversion
    with:
      original_id: ${{ jobs.take.outputs.id }}
      conversions:
        - {voice_id: "${{ jobs.voices.outputs.list[0].id }}", label: First}
        - {voice_id: "${{ jobs.voices.outputs.list[1].id }}", semitones_correction: 2, label: Second}
    save: {audio: "out/${{ item.name }}.wav"}
  calm:
    uses: respeecher.calibration
    with: {data: take.wav, name: Calm}
  note:
    uses: respeecher.note
    with: {recording_id: "${{ jobs.take.outputs.id }}", text: The good one}
  export:
    uses: respeecher.project_export
    needs: [convert, line]
    with: {project_id: "${{ jobs.project.outputs.id }}"}
    save: {zip: out/all.zip}
"""
CREATES = (
    "createProject",
    "createFolder",
    "uploadRecording",
    "createTts",
    "createCalibration",
    "createOrder",
)


@pytest.fixture
def narrator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "take.wav").write_bytes(sound("take"))
    with staged(tmp_path, NARRATOR) as stage:
        yield stage


def made(stage: Stage) -> dict[str, int]:
    """How many of each thing there are."""
    kinds = ("project", "folder", "recording", "order", "calibration", "note")
    things = stage.sandbox.world()["things"]
    return {kind: len(things[f"respeecher.{kind}"]) for kind in kinds}


ONCE = {"project": 1, "folder": 1, "recording": 4, "order": 2, "calibration": 1, "note": 1}


def test_a_manifest_makes_everything_once_and_saves_it(narrator: Stage) -> None:
    ended = narrator.apply()
    assert ended.code == 0, ended.all
    assert narrator.saved() == {"out/take.wav", "out/First.wav", "out/Second.wav", "out/all.zip"}
    with zipfile.ZipFile(io.BytesIO((narrator.folder / "out/all.zip").read_bytes())) as archive:
        assert len(archive.namelist()) == 4
    again = narrator.apply()
    assert (again.code, made(narrator)) == (0, ONCE), again.all
    assert "Nothing to do" in again.out


@pytest.mark.parametrize("deed", [{"drop": "after"}, {"status": 500, "when": "after"}, {"drop": "before"}])
def test_lost_answers_to_every_create_are_settled_by_lists(narrator: Stage, deed: dict[str, Any]) -> None:
    narrator.faults(*(fault(operation, **deed) for operation in CREATES))
    ended = narrator.apply()
    assert ended.code == 0, ended.all
    assert made(narrator) == ONCE
    assert {name: count for name, count in narrator.paid().items() if not name.startswith("line")} == {
        "First": 1,
        "Second": 1,
    }


def test_one_failed_conversion_keeps_the_other_and_is_asked_for_alone(narrator: Stage) -> None:
    narrator.change("label: Second", "label: will fail")
    ended = narrator.apply()
    assert ended.code == 1, ended.all
    assert "1 of 2 parts failed (will fail: The recording could not be processed)" in ended.out + ended.err
    assert "out/First.wav" in narrator.saved()
    narrator.apply("--retry-failed")
    paid = narrator.paid()
    assert (paid["First"], paid["will fail"]) == (1, 2)


def test_a_session_that_ends_on_the_way_is_renewed(narrator: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_OF_MINE", PASSWORD)
    auth = f'{{email: {USER["email"]}, password: "${{{{ env.PASSWORD_OF_MINE }}}}"}}'
    url = narrator.sandbox.base_urls["respeecher"]
    provider = (
        f"providers:\n  respeecher: {{auth: {auth}, base_url: {url}, settle: {{effect: 2s, lag: 200ms}}}}\n"
    )
    narrator.change("jobs:\n", provider + "jobs:\n")
    narrator.faults(fault("createOrder", status=401), fault("createNote", status=401))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run(["apply", "--auto-approve", "-f", str(narrator.file)])
    assert code == 0, said.getvalue()
    assert made(narrator) == ONCE
    assert narrator.sandbox.requests()["respeecher.login"] >= 3
    assert PASSWORD not in said.getvalue()
