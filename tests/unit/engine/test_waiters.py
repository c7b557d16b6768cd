"""When a waiter looks again: by its age, and by what the API itself expects."""

from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.engine.running.waiters import Waiter, expect, pause_of
from runner.model.http import Answer

DATE = 1_700_000_000.0
"""2023-11-14T22:13:20Z."""


def waiter(uses: str = "dubformer.project", **changes: Any) -> Waiter:
    use = Catalogue().use(uses)
    assert use is not None
    account: Any = None
    return Waiter(
        address="a", generation=1, id="1", use=use, account=account, inputs={}, began=1000.0, **changes
    )


@pytest.mark.parametrize(
    ("age", "due", "pause"),
    [
        pytest.param(0.0, None, 15.0, id="at-first-the-shortest"),
        pytest.param(400.0, None, 100.0, id="growing-with-its-age"),
        pytest.param(40_000.0, None, 600.0, id="up-to-the-longest"),
        pytest.param(0.0, 200.0, 100.0, id="half-of-what-is-left"),
        pytest.param(0.0, 7200.0, 600.0, id="never-more-than-the-longest"),
        pytest.param(400.0, 460.0, 61.5, id="right-behind-the-expected-end"),
        pytest.param(400.0, 450.0 - 48.0, 100.0, id="too-near-to-be-told-exactly"),
        pytest.param(400.0, 300.0, 100.0, id="over-it"),
    ],
)
def test_the_next_look(age: float, due: float | None, pause: float) -> None:
    made = waiter(due=None if due is None else 1000.0 + due)

    assert pause_of(made, 1000.0 + age) == pause


@pytest.mark.parametrize(
    ("said", "date", "due"),
    [
        pytest.param("2023-11-14T22:23:20Z", DATE, 1600.0, id="a-time"),
        pytest.param("2023-11-14T23:23:20+01:00", DATE, 1600.0, id="a-time-in-another-zone"),
        pytest.param("2023-11-14 22:23:20", DATE, 1600.0, id="a-time-without-a-zone"),
        pytest.param("2023-11-14T22:23:20Z", None, None, id="without-the-servers-own-date"),
        pytest.param("soon", DATE, None, id="no-time"),
        pytest.param(None, DATE, None, id="null"),
        pytest.param({"at": 1}, DATE, None, id="something-else"),
    ],
)
def test_what_the_api_expects_is_held_to_its_own_clock(
    said: Any, date: float | None, due: float | None
) -> None:
    made = waiter(due=5.0)

    expect(made, Answer(200, {}, {"estimated_completion_date": said}), date, 1000.0)

    assert made.due == due


def test_an_api_that_says_nothing_of_it_is_asked_by_age_alone() -> None:
    made = waiter("revoice.batch")

    expect(made, Answer(200, {}, {"estimated_completion_date": "2023-11-14T22:23:20Z"}), DATE, 1000.0)

    assert made.due is None
