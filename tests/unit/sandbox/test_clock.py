from dataclasses import asdict

from runner.sandbox.ground.clock import Clock, iso, share


class Real:
    """A real clock that goes when told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_the_virtual_clock_goes_faster():
    real = Real()
    clock = Clock(60.0, real=real)
    real.now += 2
    assert clock.virtual() == 120.0


def test_a_restart_goes_on_where_the_virtual_clock_is_by_then():
    real = Real()
    first = Clock(60.0, real=real)
    real.now += 10
    assert Clock(60.0, asdict(first.anchor), real).virtual() == 600.0


def test_a_slower_restart_takes_nothing_back():
    real = Real()
    first = Clock(60.0, real=real)
    real.now += 10
    slower = Clock(1.0, asdict(first.anchor), real)
    real.now += 5
    assert slower.virtual() == 605.0


def test_a_clock_that_is_set_back_takes_nothing_back():
    real = Real()
    first = Clock(60.0, real=real)
    real.now += 10
    second = Clock(60.0, asdict(first.anchor), real)
    real.now -= 3600
    assert second.virtual() == 600.0


def test_a_virtual_time_has_a_real_time():
    real = Real()
    clock = Clock(60.0, real=real)
    assert clock.real_of(120.0) == 1002.0


def test_what_runs_out_lasts_at_least_some_real_time():
    clock = Clock(600.0, real=Real())
    assert clock.lasting(3600.0, 20.0) == 12_000.0
    assert clock.lasting(36_000.0, 20.0) == 36_000.0


def test_dates_are_utc_with_milliseconds():
    assert iso(0.1234) == "1970-01-01T00:00:00.123Z"


def test_a_share_is_always_the_same_and_below_one():
    assert share("a") == share("a")
    assert all(0 <= share(str(number)) < 1 for number in range(100))
