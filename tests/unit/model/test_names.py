"""Names that disks and systems take as they are written."""

import pytest

from runner.model.names import folded, unfit


@pytest.mark.parametrize(
    "name",
    ["con", "CON.txt", "nul .mp4", "Aux", "com1.mp4", "LPT9", "COM¹.wav", "CONIN$", "con:stream", "a\nb", "\x7f.mp4",
     "\ud800.mp4", "n" * 256, "é" * 128, "a\0b"],
)  # fmt: skip
def test_some_names_fit_no_disk(name: str) -> None:
    assert unfit(name)


@pytest.mark.parametrize(
    "name",
    [".", "..", "a.mp4", ".hidden", "contact.mp4", "com10.mp4", "S.W.A.T.", "日本 字.srt", "a\u00a0b.mp4",
     "👩\u200d🚀.mp4",
     "n" * 255, "é" * 127, "9:16.mp4"],
)  # fmt: skip
def test_others_do(name: str) -> None:
    assert unfit(name) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("out/Caf\u00e9.mp4", "OUT/CAFE\u0301.MP4"), ("out/a.mp4", "out/a.mp4. "),
     ("Straße/a", "strasse/A"), ("a./b", "a/b")],
)  # fmt: skip
def test_names_that_a_disk_may_not_tell_apart_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_other_names_stay_apart() -> None:
    assert len({folded(path) for path in ("a", "b", "a/b", ".", "..", "a/.b")}) == 6
