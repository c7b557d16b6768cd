"""Lists as they were read: what is looked into only when somebody asks, looks as if all had been looked into."""

import random
from typing import Any

from runner.api.lifecycles.listed import Listed
from runner.api.lifecycles.marks import fold_mark
from runner.api.messages.reading import id_text
from runner.api.vocabulary.calldata import ListSpec
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.observation import Remote

SPEC = ListSpec("things", "listThings", "$[*]", "$item#/id")
NAME = "$item#/name"


def listed(items: list[Any]) -> Listed:
    held = Listed(SPEC, 7.0)
    held.add(items)
    return held


def anything(dice: random.Random) -> Any:
    """An item as a broken or an honest API may show it."""
    ids = [1, "1", " 1 ", "2", True, None, "", 2.5, ["1"], "é"]
    names = ["ep01", " EP01", "Caf\u00e9", "cafe\u0301", None, 3, "", {"a": 1}]
    item = {"id": dice.choice(ids), "name": dice.choice(names), "n": dice.random()}
    for field in ("id", "name"):
        if dice.random() < 0.1:
            del item[field]
    return item if dice.random() < 0.9 else dice.choice([None, "text", [1], 5])


def test_items_that_are_looked_into_late_are_what_they_would_have_been_at_once() -> None:
    for seed in range(300):
        dice = random.Random(seed)
        items = [anything(dice) for _ in range(dice.randrange(12))]
        expected: dict[str, Remote] = {}
        twins: list[Remote] = []
        for item in items:
            id = id_text(locate(SPEC.id, Scope(item=item)))
            mark = locate(NAME, Scope(item=item))
            text = "" if mark is MISSING or mark is None else str(mark)
            twins += [expected[id]] if id in expected else []
            expected[id or f"\0{len(expected)}"] = Remote(id, text, item)
        by_mark: dict[str, tuple[Remote, ...]] = {}
        for remote in expected.values():
            if remote.mark:
                key = fold_mark(remote.mark)
                by_mark[key] = (*by_mark.get(key, ()), remote)
        for twin in twins:
            key, remote = fold_mark(twin.mark), expected[twin.id]
            if twin.mark and remote not in by_mark.get(key, ()):
                by_mark[key] = (*by_mark.get(key, ()), remote)

        walked = listed(items).seen_with(NAME)

        assert dict(walked.items) == expected
        assert list(walked.items) == list(expected)
        assert dict(walked.by_mark) == by_mark
        assert (walked.count, walked.began) == (len(expected), 7.0)


def test_what_shares_its_id_with_something_else_is_found_by_its_mark_all_the_same() -> None:
    walked = listed([{"id": 5, "name": "ours"}, {"id": 5, "name": "its owner"}]).seen_with(NAME)

    assert [remote.id for remote in walked.by_mark["ours"]] == ["5"]
    assert walked.count == 1


def test_what_is_not_there_is_not_found() -> None:
    walked = listed([{"id": "1", "name": "a"}]).seen_with(NAME)

    assert walked.items.get("2") is None
    assert walked.by_mark.get("b", ()) == ()
    assert "b" not in walked.by_mark
    assert len(walked.by_mark) == 1


def test_ids_of_two_walks_can_be_compared() -> None:
    first = listed([{"id": "1"}]).seen_with(NAME)
    second = listed([{"id": "2"}, {"id": "1"}]).seen_with(NAME)

    assert first.items.keys() <= second.items.keys()
    assert not second.items.keys() <= first.items.keys()


def test_a_list_of_which_no_mark_is_known_has_none() -> None:
    assert listed([{"id": "1", "name": "a"}]).seen_with("").by_mark == {}
