"""Turns: one at a time, in the order of coming."""

from runner.engine.running.turns import Turns

A, B = ("project", "1"), ("mark", "x")


def test_one_at_a_time_and_the_next_in_order_of_coming() -> None:
    turns = Turns()

    assert turns.take("one", [A])
    assert not turns.take("two", [A])
    assert not turns.take("three", [A])
    assert turns.release("one") == ["two"]
    assert turns.take("two", [A])
    assert turns.release("two") == ["three"]


def test_all_turns_are_taken_or_none() -> None:
    turns = Turns()
    turns.take("one", [B])

    assert not turns.take("two", [A, B])
    assert turns.take("three", [A])


def test_a_turn_can_be_kept_while_another_is_given_back() -> None:
    turns = Turns()
    turns.take("one", [A, B])
    turns.take("two", [B])

    assert turns.release("one", keep=[A]) == ["two"]
    assert not turns.take("three", [A])


def test_whoever_needs_no_turn_never_waits() -> None:
    assert Turns().take("one", [None])


def test_whoever_waits_behind_somebody_in_doubt_is_named() -> None:
    turns = Turns()
    turns.take("one", [A])
    turns.take("two", [A])

    assert turns.behind("one") == ["two"]


def test_whoever_gives_up_its_try_leaves_it_to_the_next() -> None:
    turns = Turns()
    turns.take("one", [A])
    turns.take("two", [A])
    turns.take("three", [A])

    assert turns.release("one") == ["two"]
    assert turns.release("two") == ["three"]
    assert turns.take("three", [A])


def test_whoever_asks_twice_waits_once() -> None:
    turns = Turns()
    turns.take("one", [A])
    turns.take("two", [A])
    turns.take("two", [A])

    assert turns.release("one") == ["two"]
    assert turns.take("two", [A])
    assert turns.release("two") == []


def test_what_two_hold_together_is_free_when_both_have_given_it_back() -> None:
    turns = Turns()
    turns.join("one", [A])
    turns.join("two", [A])

    assert not turns.take("three", [A])
    assert turns.release("one") == []
    assert turns.release("two") == ["three"]


def test_what_will_not_be_given_back_is_told_to_whoever_comes_later() -> None:
    turns = Turns()
    turns.take("one", [A])
    assert turns.holder("two", [A, B]) == ("one", False)

    turns.behind("one")

    assert turns.holder("two", [A, B]) == ("one", True)
    assert turns.holder("one", [A]) == ("", False)
