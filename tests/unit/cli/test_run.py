"""The commands that do something, against the sandbox: apply, its second run, what status and show then say."""

import json
from pathlib import Path

APPLY = ("apply", "--sandbox", "--auto-approve", "--speed", "1200")


def test_a_season_is_applied_once_and_then_there_is_nothing_to_do(runner, folder: Path) -> None:
    first = runner(*APPLY)
    second = runner(*APPLY)

    assert first.code == 0, first.err + first.out
    assert "Plan: 2 to create." in first.out
    assert "Paid: dubformer: 2 calls" in first.out
    assert first.out.splitlines()[-1].endswith("2 done, 2 files saved.")
    assert (folder / "out" / "e1.mp4").stat().st_size > 0
    assert (second.code, second.out) == (0, "Nothing to do: 2 unchanged.\n")


def test_progress_goes_to_stderr_a_line_an_event(runner) -> None:
    ended = runner(*APPLY)

    assert [line.split()[1] for line in ended.err.splitlines() if "dub/e1" in line][:2] == [
        "sending",
        "accepted",
    ]


def test_for_programs_there_is_one_object_a_line(runner) -> None:
    ended = runner(*APPLY, "--json")

    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert lines[0]["type"] == "plan"
    assert {line["type"] for line in lines[1:-1]} == {"event"}
    assert lines[-1]["type"] == "result"
    assert lines[-1]["paid"]["dubformer"]["calls"] == 2
    assert lines[-1]["exit"] == 0


def test_status_and_show_tell_what_was_done(runner) -> None:
    runner(*APPLY)

    status = runner("status", "--sandbox")
    shown = json.loads(runner("show", "dub/e1", "--sandbox", "--json").out)

    assert status.out.startswith("dub (dubformer.project)  2 ready")
    assert shown["phase"] == "ready"
    assert shown["inputs"]["name"] == "e1"
    assert shown["files"][0]["path"] == "out/e1.mp4"
    assert runner("show", "dub/e1", "--sandbox").out.startswith("dub/e1\n  uses        dubformer.project\n")


def test_a_limit_tries_the_first_and_the_next_apply_does_the_rest(runner) -> None:
    first = runner(*APPLY, "--limit", "1")
    second = runner(*APPLY)

    assert "Plan: 1 to create, 1 skipped." in first.out
    assert "Plan: 1 to create, 1 unchanged." in second.out


def test_changed_inputs_wait_for_consent_or_are_accepted(runner, folder: Path) -> None:
    runner(*APPLY)
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("cdn.example.com", "new.example.com"))

    blocked = runner(*APPLY)
    accepted = runner("accept", "dub/e1", "--sandbox")
    after = runner("plan", "--sandbox")

    assert blocked.code == 7
    assert "runner apply -f season.yaml --sandbox --replace 'dub/e2'" in blocked.out
    assert accepted.out == "dub/e1\n1 instance accepted as finished.\n"
    assert "dub/e1 " not in after.out
    assert "Plan: 1 blocked, 1 unchanged." in after.out


def test_a_renamed_item_is_moved_and_not_paid_for_again(runner, folder: Path) -> None:
    runner(*APPLY)
    csv = folder / "episodes.csv"
    file = folder / "season.yaml"
    csv.write_text("id,minutes,name\nfirst,10,e1\ne2,20,e2\n")
    text = file.read_text().replace("${{ each.id }}", "${{ each.name }}")
    file.write_text(text)

    blocked = runner("plan", "--sandbox")
    moved = runner("state", "mv", "dub/e1", "dub/first", "--sandbox")
    after = runner("plan", "--sandbox")

    assert "runner state mv -f season.yaml --sandbox dub/e1 dub/first" in blocked.out
    assert moved.code == 0
    assert after.code == 0
    assert "1 to download" in after.out
    assert "blocked" not in after.out


def test_a_renamed_job_is_moved_with_all_of_its_items_by_one_command(runner, folder: Path) -> None:
    runner(*APPLY)
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("  dub:\n", "  voice:\n"))

    moved = runner("state", "mv", "dub", "voice", "--sandbox")

    assert moved.out.splitlines() == ["dub/e1 is voice/e1 now.", "dub/e2 is voice/e2 now."]
    assert runner("plan", "--sandbox").out == "Nothing to do: 2 unchanged.\n"


def test_many_items_of_a_renamed_job_are_told_with_that_one_command(runner, folder: Path) -> None:
    rows = "\n".join(f"e{number},1" for number in range(21))
    (folder / "episodes.csv").write_text(f"id,minutes\n{rows}\n")
    runner(*APPLY)
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("  dub:\n", "  voice:\n"))

    planned = runner("plan", "--sandbox").out.splitlines()

    rest = planned.index("  blocked   … and 18 more like these (--verbose shows all)")
    assert planned[rest + 1].strip() == "runner state mv -f season.yaml --sandbox dub voice"


def test_an_item_never_becomes_something_of_another_kind(runner, folder: Path) -> None:
    runner(*APPLY)
    file = folder / "season.yaml"
    file.write_text(file.read_text() + "  langs: {uses: dubformer.options}\n")

    moved = runner("state", "mv", "dub/e1", "langs", "--sandbox")

    assert moved.code == 64
    assert "`dub/e1` is a dubformer.project, and `langs` a dubformer.options" in moved.err


def test_a_lost_state_leads_to_blocked_and_import_to_a_clean_one(runner, folder: Path) -> None:
    runner(*APPLY)
    for file in (folder / ".runner").glob("season.sandbox.db*"):
        file.unlink()

    blocked = runner(*APPLY)
    imported = runner("import", "--match", "dub/*", "--sandbox")
    after = runner(*APPLY)

    assert blocked.code == 7
    assert "runner import -f season.yaml --sandbox --match 'dub/*'" in blocked.out
    assert "2 instances taken over." in imported.out
    assert after.code == 0
    assert "Paid" not in after.out


def test_a_fresh_sandbox_forgets_its_world_and_its_state(runner) -> None:
    runner(*APPLY)

    again = runner("apply", "--sandbox=fresh", "--auto-approve", "--speed", "1200")

    assert again.code == 0
    assert "Plan: 2 to create." in again.out


def test_workbooks_are_built_without_calling_anybody(runner, folder: Path) -> None:
    (folder / "lines.yaml").write_text(
        """\
version: 1
name: lines
data: {episodes: {file: episodes.csv}}
publish: {directory: published, base_url: "https://files.example.com/"}
jobs:
  script:
    uses: workbook.file
    for_each: ${{ data.episodes }}
    with:
      template: revoice-production
      rows: [{ID: "${{ each.id }}", "Text_FR-FR": "${{ each.minutes }}"}]
"""
    )

    first = runner("workbook", "build", "lines.yaml", "--out", "books")
    held = {file.name: file.read_bytes() for file in (folder / "books").iterdir()}
    runner("workbook", "build", "lines.yaml", "--out", "books")

    assert first.code == 0, first.err
    assert first.out.splitlines()[-1] == "2 workbooks written."
    assert {file.name: file.read_bytes() for file in (folder / "books").iterdir()} == held
    assert not (folder / "published").exists()


def test_what_the_manifest_says_was_moved_is_not_paid_for_again(runner, folder: Path) -> None:
    runner(*APPLY)
    file = folder / "season.yaml"
    text = (
        file.read_text()
        .replace("  dub:\n", "  voiceover:\n")
        .replace("jobs:", "moved: [{from: dub, to: voiceover}]\njobs:")
    )
    file.write_text(text)

    planned = runner("plan", "--sandbox")
    applied = runner(*APPLY)

    assert planned.out == applied.out
    assert planned.out.splitlines() == [
        "Moved, as `moved:` says:",
        "  dub/e1 → voiceover/e1",
        "  dub/e2 → voiceover/e2",
        "",
        "Nothing to do: 2 unchanged.",
    ]
    assert runner("status", "--sandbox").out.startswith("voiceover (dubformer.project)  2 ready")


def test_accept_of_what_the_manifest_does_not_have_is_wrong_usage(runner) -> None:
    ended = runner("accept", "--sandbox", "dubs/*")

    assert ended.code == 64
    assert "no instance is called dubs/*" in ended.err


def test_printed_commands_can_be_typed_as_they_stand(runner, folder: Path) -> None:
    (folder / "season.yaml").rename(folder / "my season.yaml")
    runner(*APPLY, "--out-dir", "media here")
    (folder / "episodes.csv").write_text("id,minutes\ne3,10\ne2,20\n")
    file = folder / "my season.yaml"
    file.write_text(file.read_text().replace("fr-FR", "de-DE"))

    planned = runner("plan", "--sandbox", "--out-dir", "media here")

    assert (
        "runner apply -f 'my season.yaml' --sandbox --out-dir 'media here' --replace 'dub/e2'" in planned.out
    )
    assert "runner accept -f 'my season.yaml' --sandbox 'dub/e2'" in planned.out


def test_show_tells_the_history_of_an_address(runner) -> None:
    runner(*APPLY)

    kinds = [
        event["kind"] for event in json.loads(runner("show", "dub/e1", "--sandbox", "--json").out)["history"]
    ]

    assert kinds[0] == "intended"
    assert kinds[-1] == "saved"


def test_a_replacement_is_downloaded_over_the_former_file(runner, folder: Path) -> None:
    runner(*APPLY)
    before = (folder / "out" / "e1.mp4").read_bytes()
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("target_lang: fr-FR", "target_lang: de-DE"))

    ended = runner(*APPLY, "--replace", "dub/*")

    assert ended.code == 0, ended.out + ended.err
    assert "2 files saved" in ended.out
    assert (folder / "out" / "e1.mp4").read_bytes() != before
    assert runner(*APPLY).out == "Nothing to do: 2 unchanged.\n"
