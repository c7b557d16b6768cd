"""kill -9 at random points, against drops and 500s: nothing is ordered twice, and nothing ordered is lost."""

import os

from crashing import Season

KILLS = int(os.environ.get("CRASH_KILLS", "60"))


def test_after_many_kills_everything_was_ordered_exactly_once(faulty: Season) -> None:
    for _ in range(KILLS):
        faulty.killed_after(faulty.dice.uniform(0.05, 1.6))

    code = faulty.finish()

    log = faulty.log.read_text()
    twice = {name: times for name, times in faulty.ordered().items() if times != 1}
    assert twice == {}, f"ordered more than once: {twice}\n{log[-3000:]}"
    assert code == 0, log[-3000:]
    assert len(faulty.ordered()) == 5 * 6
    expected = {
        f"out/ep{n:02}/{lang}.{kind}"
        for n in range(1, 6)
        for lang in ("fr-FR", "de-DE")
        for kind in ("mp4", "wav")
    }
    expected |= {f"out/{kind}/ep{n:02}.mp4" for n in range(1, 6) for kind in ("minted", "fixed")}
    there = {
        str(path.relative_to(faulty.folder)) for path in (faulty.folder / "out").rglob("*") if path.is_file()
    }
    assert expected == there
    assert sum(1 for exit in faulty.exits if exit == -9) >= KILLS // 3
