import asyncio
import sqlite3
from dataclasses import dataclass

import pytest

from runner.model.errors import StateCorrupt, StateLocked
from runner.sandbox.ground.world import World, read_ledger


@dataclass(frozen=True, slots=True)
class Thing:
    id: str
    parts: list[int]


def test_things_facts_and_ledger_are_found_again(tmp_path):
    file = tmp_path / "world.db"
    world = World(file)
    things = world.table("thing", Thing)
    for id in ("b", "a", "c"):
        things.put(id, Thing(id, [1]))
    things.put("b", Thing("b", [2]))
    things.remove("a")
    world.set_fact("balance", 7)
    world.accept(at="now", provider="p", operation="o", name="n", id="1", request={"x": 1}, key="k", cost=2)
    ledger = list(world.ledger)
    world.close()
    again = World(file)
    assert list(again.table("thing", Thing)) == [Thing("b", [2]), Thing("c", [1])]
    assert again.facts == {"balance": 7}
    assert again.ledger == ledger
    again.close()


def test_what_was_written_is_durable_once_settled(tmp_path):
    world = World(tmp_path / "world.db")

    async def write() -> None:
        world.accept(at="now", provider="p", operation="o", name="n", id="1", request={})
        await world.settled()

    asyncio.run(write())
    copy = sqlite3.connect(":memory:")
    world._connection.backup(copy)
    assert copy.execute("SELECT id FROM ledger").fetchall() == [("1",)]
    copy.close()
    world.close()


def test_many_writes_share_a_few_commits(tmp_path):
    world = World(tmp_path / "world.db")
    commits = []
    world._connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    async def write(number: int) -> None:
        world.set_fact(f"f{number}", number)
        await world.settled()

    async def write_all() -> None:
        await asyncio.gather(*(write(number) for number in range(500)))

    asyncio.run(write_all())
    world.close()
    assert 1 <= len(commits) < 50


def test_a_world_is_held_by_one_at_a_time(tmp_path):
    world = World(tmp_path / "world.db")
    with pytest.raises(StateLocked):
        World(tmp_path / "world.db")
    world.close()
    assert read_ledger(tmp_path) == []


def test_a_file_that_is_no_world_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "world.db"
    file.write_bytes(b"something else" * 100)
    with pytest.raises(StateCorrupt):
        World(file)
    assert file.read_bytes() == b"something else" * 100
