"""Every update that the five APIs offer, through the sandbox: nothing is made twice, and nothing is paid."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from applying import Stage, staged

MANIFEST = """\
version: 1
name: season
vars: {take: first}
jobs:
  studio: {uses: respeecher.project, with: {name: "studio ${{ vars.take }}"}}
  folder:
    uses: respeecher.folder
    with: {name: "folder ${{ vars.take }}", project_id: "${{ jobs.studio.outputs.id }}"}
  voice:
    uses: respeecher.recording
    with:
      data: voice.wav
      parent_folder_id: ${{ jobs.folder.outputs.id }}
      microphone: file
      label: voice ${{ vars.take }}
  speech:
    uses: respeecher.tts
    with: {parent_folder_id: "${{ jobs.folder.outputs.id }}", text: Hello, label: "speech ${{ vars.take }}"}
    save: {audio: out/speech.wav}
  note:
    uses: respeecher.note
    with: {recording_id: "${{ jobs.speech.outputs.id }}", text: "note ${{ vars.take }}"}
  artist: {uses: blurb.artist, with: {name: Anna}}
  album:
    uses: blurb.media_bundle
    with: {name: "album ${{ vars.take }}", artistId: "${{ jobs.artist.outputs.artistId }}"}
  song:
    uses: blurb.media
    with: {name: "song ${{ vars.take }}", mediaBundleId: "${{ jobs.album.outputs.mediaBundleId }}"}
"""

FIELDS = {
    "studio": "name", "folder": "name", "voice": "label", "speech": "label", "note": "text",
    "album": "name", "song": "name",
}  # fmt: skip


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    folder: Path = tmp_path_factory.mktemp("studio")
    (folder / "voice.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40))
    with staged(folder, MANIFEST) as stage:
        first = stage.apply()
        assert first.code == 0, first.all
        paid = stage.paid()
        stage.change("take: first", "take: second")
        second = stage.apply()
        assert second.code == 0, second.all
        assert stage.paid() == paid
        yield stage, second.out


@pytest.mark.parametrize("address", FIELDS)
def test_it_is_changed_where_it_stands(updated: tuple[Stage, str], address: str) -> None:
    stage, _ = updated
    held = stage.state().instances[address]

    assert held.outputs[FIELDS[address]].endswith("second")
    assert (held.generation, held.former) == (1, ())


def test_nothing_else_is_done(updated: tuple[Stage, str]) -> None:
    stage, said = updated

    assert "Plan: 7 to update, 1 unchanged." in said
    assert "Nothing to do" in stage.apply().out


def test_each_update_is_one_request(updated: tuple[Stage, str]) -> None:
    stage, _ = updated
    words = ("update", "rename")

    asked = {
        name: count
        for name, count in stage.sandbox.requests().items()
        if name.partition(".")[2].startswith(words)
    }

    assert asked == {
        "respeecher.renameProject": 1, "respeecher.renameFolder": 1, "respeecher.updateRecording": 2,
        "respeecher.updateNote": 1, "blurb.updateMediaBundle": 1, "blurb.updateMedia": 1,
    }  # fmt: skip
