"""kill -9 at random moments, against drops and 500s: nothing is ordered twice, and nothing ordered is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from crashing import Season, faulty_season, first_seed, quota

EPISODES = 5
EXPECTED = {
    f"out/ep{n:02}/{lang}.{kind}"
    for n in range(1, EPISODES + 1)
    for lang in ("fr-FR", "de-DE")
    for kind in ("mp4", "wav")
} | {f"out/{kind}/ep{n:02}.mp4" for n in range(1, EPISODES + 1) for kind in ("minted", "fixed")}
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_after_many_kills_everything_was_ordered_exactly_once(
    part: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Seasons, one after the other, each killed until it is done all the same; as many as it takes."""
    wanted, killed, seeds = quota(40, PARTS), 0, []
    while killed < wanted:
        seed = first_seed(7) + 1000 * part + len(seeds)
        seeds.append(seed)
        with faulty_season(tmp_path / str(seed), seed, EPISODES) as season:
            code = -9
            while code != 0 and killed + season.kills < wanted:
                code = season.killed_after(season.dice.uniform(0.05, 1.6))
            killed += season.kills
            whole(season, seed)
    assert killed >= wanted
    record_property("kills", killed)
    record_property("seeds", f"{seeds[0]} to {seeds[-1]}")


def whole(season: Season, seed: int) -> None:
    """Let it come to its end, and look whether all is there once.

    What a list of a page's usual length does not show may be on the next one: that is for a person to say.
    """
    code = season.finish()
    for _ in range(EPISODES):
        if code != 5:
            break
        season.settle_doubts()
        code = season.finish()

    log = f"seed {seed}\n{season.log.read_text()[-3000:]}"
    twice = {name: times for name, times in season.ordered().items() if times != 1}
    assert twice == {}, f"ordered more than once: {twice}\n{log}"
    assert code == 0, log
    assert len(season.ordered()) == EPISODES * 6
    out = season.folder / "out"
    there = {str(path.relative_to(season.folder)) for path in out.rglob("*") if path.is_file()}
    assert there == EXPECTED
