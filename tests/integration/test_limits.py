"""Limits, measured where they hold: at the API."""

import itertools
import time
from collections.abc import Callable

import pytest
from applying import Stage, captured, fault
from middlebox import Middlebox, between
from workshop import World, document, open_workshop

CREATE = "createProject"
FEW = ("e1", "e2", "e3")
rule = fault


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param(
            {"retry_after": 1},
            "again in 1.",
            marks=pytest.mark.fault(
                "limits", "429 with `Retry-After` in seconds", sees="retrying … (again in", kept={"orders": 3}
            ),
        ),
        pytest.param(
            {"retry_after": 1, "form": "date"},
            "again in",
            marks=pytest.mark.fault(
                "limits", "429 with `Retry-After` as a date", sees="retrying … (again in", kept={"orders": 3}
            ),
        ),
        pytest.param(
            {"retry_after": 0, "form": "date"},
            "again in",
            marks=pytest.mark.fault(
                "limits", "429 with a date that is past", sees="retrying … (again in", kept={"orders": 3}
            ),
        ),
        pytest.param(
            {"retry_after": 1, "form": "none"},
            "again in",
            marks=pytest.mark.fault(
                "limits", "429 without `Retry-After`", sees="retrying … (again in", kept={"orders": 3}
            ),
        ),
        pytest.param(
            {"retry_after": 1, "form": "garbage"},
            "again in",
            marks=pytest.mark.fault(
                "limits",
                "429 with an unreadable `Retry-After`",
                sees="retrying … (again in",
                kept={"orders": 3},
            ),
        ),
    ],
    ids=["seconds", "date", "past", "none", "garbage"],
)
def test_too_many_requests_delay_and_lose_nothing(
    stage: Callable[..., Stage], fault, deed: dict[str, object], words: str
) -> None:
    season = stage(ids=FEW)
    season.faults(rule(CREATE, times=2, **deed))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert words in ended.err
    fault.saw(ended.err)
    assert set(season.paid().values()) == {1}
    fault.kept(orders=len(season.paid()))


@pytest.mark.fault(
    "limits",
    "429 for hours, with `--no-wait`",
    sees="dubformer asks to wait until … (2 h); nothing is sent there until then",
    kept={"orders": 0, "running": 3, "facts": ("the run ends with 0, and a later one orders each once",)},
)
def test_a_pause_of_hours_is_told_and_holds_nobody_who_does_not_wait(
    stage: Callable[..., Stage], fault
) -> None:
    season = stage(ids=FEW)
    season.faults(rule(CREATE, times=100, retry_after=7200))

    ended = season.apply("--no-wait")
    orders = season.paid()
    season.faults()
    again = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(orders), running=ended.err.count("left to the next run"))
    once = again.code == 0 and season.paid() == dict.fromkeys(FEW, 1)
    fault.fact("the run ends with 0, and a later one orders each once", once)


@pytest.mark.fault(
    "limits",
    "429 for hours before anything is paid for",
    sees="dubformer asks to wait until",
    kept={"orders": 0, "facts": ("the plan is told at once, and nothing is sent",)},
)
def test_a_pause_of_hours_while_the_plan_is_made_blocks_instead_of_hanging(
    stage: Callable[..., Stage], fault
) -> None:
    season = stage(ids=FEW)
    season.faults(rule("*", times=100, retry_after=7200))

    ended = season.apply()

    assert ended.code == 7, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.paid()))
    fault.fact("the plan is told at once, and nothing is sent", CREATE not in str(season.changing()))


MANIFEST = """\
version: 1
name: m
providers:
  workshop: {{openapi: workshop.yaml, base_url: "{base}", {limits}}}
jobs:
  one:
    uses: workshop.key
    for_each: ${{{{ ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] }}}}
    with: {{title: "${{{{ each.value }}}}"}}
"""


@pytest.fixture
def measured(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Applies twelve jobs within these limits; the middlebox has seen how they were kept."""
    monkeypatch.setenv("NO_COLOR", "1")
    with open_workshop() as workshop, between(workshop.url) as box:

        def apply(limits: str) -> tuple[Middlebox, int]:
            world = workshop.put("w", World(slow=0.03))
            (tmp_path / "workshop.yaml").write_text(document("key"))
            (tmp_path / "m.yaml").write_text(MANIFEST.format(base=f"{box.url}/w", limits=limits))
            ended = captured(["apply", "-f", str(tmp_path / "m.yaml"), "--auto-approve"])
            assert ended.code == 0, ended.all
            return box, sum(world.ordered().values())

        yield apply


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_are_under_way_at_the_api_than_allowed(measured, most: int) -> None:
    box, orders = measured(f"max_in_flight: {most}")

    assert orders == 12
    assert box.most == most


TWO = """\
version: 1
name: m
providers:
  workshop: {{openapi: workshop.yaml, base_url: "{base}", max_in_flight: 4}}
  other: {{openapi: workshop.yaml, base_url: "{base}", max_in_flight: 4}}
jobs:
  one:
    uses: workshop.key
    for_each: ${{{{ ["a", "b", "c", "d", "e", "f"] }}}}
    with: {{title: "${{{{ each.value }}}}"}}
  two:
    uses: other.key
    for_each: ${{{{ ["g", "h", "i", "j", "k", "l"] }}}}
    with: {{title: "${{{{ each.value }}}}"}}
"""


@pytest.mark.parametrize(("words", "most"), [(["--parallelism", "2"], 2), ([], 8)])
def test_no_more_are_under_way_over_all_providers_than_allowed(
    tmp_path, monkeypatch: pytest.MonkeyPatch, words: list[str], most: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "workshop.yaml").write_text(document("key"))
    with open_workshop() as workshop, between(workshop.url) as box:
        world = workshop.put("w", World(slow=0.05))
        (tmp_path / "m.yaml").write_text(TWO.format(base=f"{box.url}/w"))

        ended = captured(["apply", "-f", str(tmp_path / "m.yaml"), "--auto-approve", *words])

        assert ended.code == 0, ended.all
        assert sum(world.ordered().values()) == 12
        assert box.most <= most
        assert box.most > most / 2


def test_no_more_come_to_the_api_in_a_time_than_allowed(measured) -> None:
    box, orders = measured("rate: 10/1s, max_in_flight: 8")

    assert orders == 12
    # The API's clock stands at its own end of the wire: a tenth of a second is left to the way there.
    assert all(later - earlier > 0.9 for earlier, later in zip(box.came, box.came[10:], strict=False))


@pytest.mark.fault(
    "process",
    "the wall clock jumps hours forth and back during the run",
    sees="saved",
    kept={"orders": 3, "files": 3, "facts": ("nothing waited by the wall clock",)},
)
def test_a_wall_clock_that_jumps_moves_no_wait(
    stage: Callable[..., Stage], fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    season = stage(ids=FEW)
    season.faults(
        rule(CREATE, drop="after"),
        {"match": {"operation": CREATE}, "skip": 1, "times": 1, "do": {"retry_after": 1, "form": "date"}},
        idempotency="ignore",
    )
    wall, nanoseconds, hours = time.time, time.time_ns, itertools.cycle((0, 5 * 3600, -5 * 3600))
    monkeypatch.setattr(time, "time", lambda: wall() + next(hours))
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() + next(hours) * 10**9)
    began = time.monotonic()

    ended = season.apply()

    lasted = time.monotonic() - began
    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    paid = season.paid()
    assert set(paid.values()) == {1}
    fault.kept(orders=len(paid), files=len(season.saved()))
    fault.fact("nothing waited by the wall clock", lasted < 3600)
