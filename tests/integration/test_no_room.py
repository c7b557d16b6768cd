"""No room for temporary files: workbooks cannot be built, and all else goes on."""

import tempfile
from pathlib import Path

import pytest
from applying import ROWS
from seasons import DUB

ONCE = {"e1": 1, "e2": 1, "row e1": 1, "row e2": 1}
WHY = "a temporary file could not be written: No such file or directory; make room for it, or name another folder"
CARRIES_ON = "once there is room, the next apply orders the rest"


@pytest.mark.fault(
    "process",
    "The folder for temporary files is full or gone, and a workbook is to be built",
    sees=f"the workbook could not be built: {WHY} in TMPDIR",
    kept={"orders": 2, "files": 2, "facts": (CARRIES_ON,)},
)
def test_without_room_for_a_workbook_its_rows_wait_and_the_rest_is_done(
    stage, fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ROWS.replace("name: ${{ each.id }}", "name: row ${{ each.id }}").replace(
        "jobs:\n", f"jobs:\n{DUB}"
    )
    season = stage(rows, ids=("e1", "e2"))
    with monkeypatch.context() as full:
        full.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

        ended = season.apply()

    fault.saw(ended.all)
    fault.kept(orders=sum(season.paid().values()), files=len(list(season.folder.glob("out/*.mp4"))))
    again = season.apply()
    assert season.paid() == ONCE, again.all
    fault.fact(CARRIES_ON, again.code == 0)


def test_a_workbook_that_the_plan_needs_and_has_no_room_for_stops_before_anything_is_paid(
    stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """\
  script:
    uses: workbook.file
    with:
      template: revoice-production
      rows: [{ID: "1", "Text_FR-FR": "Bonjour"}]
"""
    season = stage(ROWS.replace("jobs:\n", f"jobs:\n{script}"), ids=("e1",))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert f"runner: {WHY}" in ended.err
    assert season.paid() == {}
