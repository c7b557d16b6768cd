"""What a list that does not show something proves: nothing, where it may be cut off or has lost something."""

from types import SimpleNamespace
from typing import Any

import pytest

from runner.api.lifecycles.effects import Walked
from runner.api.lifecycles.search import Search, late_enough, lossy, proves, second_look
from runner.api.vocabulary.lifedata import Settle
from runner.model.observation import Remote


def walked(count: int, told: int | None = None, *, cut: bool = False) -> Walked:
    return Walked({str(n): Remote(str(n), "", {}) for n in range(count)}, {}, 1000.0, None, told, cut)


@pytest.mark.parametrize(
    ("before", "now", "proof"),
    [
        pytest.param(0, 0, True, id="an-empty-list"),
        pytest.param(7, 7, True, id="a-few"),
        pytest.param(20, 20, False, id="as-many-as-a-usual-first-page"),
        pytest.param(25, 25, False, id="as-many-as-another-usual-first-page"),
        pytest.param(17, 20, False, id="grown-up-to-a-usual-first-page"),
        pytest.param(17, 21, True, id="grown-past-a-usual-first-page"),
        pytest.param(24, 24, False, id="as-many-as-a-page-of-tiles"),
        pytest.param(None, 20, False, id="a-usual-first-page-without-a-baseline"),
        pytest.param(50, 50, False, id="fifty-that-have-not-grown"),
        pytest.param(63, 63, False, id="many-that-have-not-grown"),
        pytest.param(63, 64, True, id="many-that-have-grown"),
        pytest.param(99, 100, False, id="grown-up-to-where-it-may-be-cut-off"),
        pytest.param(None, 73, False, id="many-without-a-baseline"),
    ],
)
def test_a_list_that_nobody_vouches_for_proves_only_what_it_cannot_hide(
    before: int | None, now: int, proof: bool
) -> None:
    order, intent = SimpleNamespace(whole=False), SimpleNamespace(baseline_count=before)

    assert proves(order, intent, walked(now)) is proof  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [20, 50, 100])
def test_a_list_that_somebody_vouches_for_proves_at_any_length(count: int) -> None:
    order, intent = SimpleNamespace(whole=True), SimpleNamespace(baseline_count=count)

    assert proves(order, intent, walked(count))  # type: ignore[arg-type]


def test_a_look_that_showed_fewer_than_it_told_of_counts_as_none() -> None:
    search = Search(alive=0.0)

    assert [lossy(search, walked(count, told)) for count, told in ((4, 5), (4, 5), (5, 5), (5, None), (6, 5))] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert search.short == 0


@pytest.mark.parametrize(("age", "late"), [(0.0, True), (9.0, True), (11.0, False)])
def test_what_a_cache_has_held_shows_an_earlier_moment(age: float, late: bool) -> None:
    order: Any = SimpleNamespace(settle=Settle(120.0, 30.0))
    search = Search(alive=1000.0)

    assert late_enough(order, search, Walked({}, {}, 1130.0, age=age)) is late


def test_two_looks_at_one_copy_of_a_list_are_one_look() -> None:
    order: Any = SimpleNamespace(settle=Settle(120.0, 30.0))
    search = Search(alive=1000.0)

    looks = [Walked({}, {}, 1200.0), Walked({}, {}, 1240.0, age=40.0), Walked({}, {}, 1280.0)]

    assert [second_look(order, search, one) for one in looks] == [False, False, True]


def test_a_list_whose_last_page_names_a_further_one_counts_as_none() -> None:
    search = Search(alive=0.0)

    assert lossy(search, walked(7, cut=True))
    assert "goes on on pages" in walked(7, cut=True).shortfall
