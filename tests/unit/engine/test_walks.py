"""Lists over real sockets: what is shared, what passes for a list, and what is told of an item."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.api.catalogue import load_provider
from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection, Walked
from runner.api.provider import Provider
from runner.engine.wire.accounts import Account
from runner.engine.wire.transport import Timeouts, Transport
from runner.engine.wire.walks import Walks, server_date
from runner.model.http import Answer, NoAnswer, Reply
from runner.model.settings import ProviderSettings

DOCUMENT = """
openapi: 3.1.0
info: {title: Acme, version: '1'}
servers: [{url: https://acme.test}]
paths:
  /things:
    get:
      operationId: listThings
      parameters: [{name: page, in: query, schema: {type: integer}}, {name: size, in: query, schema: {type: integer}}]
      responses: {'200': {description: all}}
x-runner:
  version: 1
  lists:
    things:
      operation: listThings
      items: "$.things[*]"
      id: "$item#/id"
      page: PAGE
"""
PLAIN = "{kind: none}"
PAGED = "{kind: page, param: page, first: 1, size: size, max: 2, end: empty}"
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


def provider(page: str = PLAIN) -> Provider:
    return load_provider("acme", DOCUMENT.replace("PAGE", page), "acme.yaml")


def answering(bodies: Callable[[str], Any], more: str = "") -> Callable[[Any, socket.socket, int], None]:
    def behave(peer: Any, connection: socket.socket, number: int) -> None:
        while request := peer.request(connection):
            target = request.split(b" ")[1].decode()
            raw = json.dumps(bodies(target)).encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n{more}"
            )
            connection.sendall(head.encode() + b"\r\n" + raw)

    return behave


def things(mark: str = "") -> Collection:
    return Collection("acme", "things", (), "acme things", mark)


def walking(url: str, steps: Callable[[Walks], Any], page: str = PLAIN, **more: Any) -> Any:
    async def run() -> Any:
        transport = Transport(Timeouts(connect=1.0, read=2.0, total=5.0))
        account = Account(provider(page), ProviderSettings("acme", base_url=url), transport)
        try:
            return await steps(Walks({"acme": account}, **more))
        finally:
            await transport.close()

    return asyncio.run(run())


def walked(url: str, page: str = PLAIN, mark: str = "$item#/name") -> Walked | Reply:
    async def steps(walks: Walks) -> Any:
        return await walks.walk(things(mark), 0.0)

    found: Walked | Reply = walking(url, steps, page)
    return found


def test_a_walk_begun_by_somebody_who_knows_no_mark_shows_marks_to_those_who_do(peer: Make) -> None:
    there = peer(answering(lambda _: {"things": [{"id": 7, "name": "ep01"}]}))

    async def steps(walks: Walks) -> Any:
        without = await walks.walk(things(), 0.0)
        return without, await walks.walk(things("$item#/name"), 0.0), walks.count

    without, seen, count = walking(there.url, steps)

    assert without.by_mark == {}
    assert [remote.id for remote in seen.by_mark["ep01"]] == ["7"]
    assert count == 1


def test_an_item_without_a_readable_id_is_shown_under_its_mark_and_counted(peer: Make) -> None:
    items = [{"id": None, "name": "a"}, {"name": "a"}, {"id": True, "name": "a"}, {"id": 5, "name": "a"}]

    seen = walked(peer(answering(lambda _: {"things": items})).url)

    assert isinstance(seen, Walked)
    assert [remote.id for remote in seen.by_mark["a"]] == ["", "", "", "5"]
    assert seen.count == 4


@pytest.mark.parametrize("body", [{"error": "try later"}, {"things": None}, {"things": {}}, [], None, "ok"])
def test_an_answer_of_another_form_never_passes_for_an_empty_list(peer: Make, body: Any) -> None:
    assert not isinstance(walked(peer(answering(lambda _: body)).url), Walked)


def test_caches_are_asked_for_what_stands_there_now_and_their_age_is_told(peer: Make) -> None:
    there = peer(answering(lambda target: {"things": []}, more="Age: 40\r\n"))

    found = walked(there.url)

    assert b"Cache-Control: no-cache" in there.received[0]
    assert isinstance(found, Walked)
    assert (found.age, found.began - found.shown_at) == (40.0, 40.0)


def test_what_another_host_shows_to_anybody_is_not_our_list(peer: Make) -> None:
    other = peer(answering(lambda target: {"things": []}))

    def led_away(peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            head = f"HTTP/1.1 302 Found\r\nLocation: {other.url}/things\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(head.encode())

    reply = walked(peer(led_away).url)

    assert isinstance(reply, Answer)
    assert "gets no credentials" in reply.unreadable
    assert other.received == []


def test_a_later_page_of_another_form_ends_the_walk_without_a_list(peer: Make) -> None:
    def page(target: str) -> Any:
        return {"things": [{"id": 1}, {"id": 2}]} if "page=1" in target else {"message": "later"}

    assert not isinstance(walked(peer(answering(page)).url, PAGED), Walked)


def test_what_stands_on_two_pages_counts_once(peer: Make) -> None:
    pages = {"1": [{"id": 1}, {"id": 2}], "2": [{"id": 2}, {"id": 3}]}

    def page(target: str) -> Any:
        number = target.split("page=")[1].split("&")[0]
        return {"things": pages.get(number, [])}

    seen = walked(peer(answering(page)).url, PAGED)

    assert isinstance(seen, Walked)
    assert list(seen.items) == ["1", "2", "3"]


def test_a_list_that_gives_the_same_page_for_ever_is_not_read_to_its_end(peer: Make) -> None:
    there = peer(answering(lambda _: {"things": [{"id": 1}, {"id": 2}]}))

    seen = walked(there.url, PAGED)

    assert isinstance(seen, Answer)
    assert "repeat" in seen.unreadable
    assert len(there.received) < 50


def test_a_page_without_items_that_names_a_next_one_is_not_the_last(peer: Make) -> None:
    pages: dict[str, Any] = {
        "": {"things": [{"id": 1}], "next": "b"},
        "b": {"things": [], "next": "c"},
        "c": {"things": [{"id": 2}]},
    }

    def page(target: str) -> Any:
        return pages[target.partition("page=")[2].partition("&")[0]]

    seen = walked(peer(answering(page)).url, '{kind: cursor, param: page, next: "$response.body#/next"}')

    assert isinstance(seen, Walked)
    assert list(seen.items) == ["1", "2"]


@pytest.mark.parametrize(
    ("link", "cut"),
    [
        ('<https://acme.test/things?page=2>; rel="next"', True),
        ("<https://acme.test/things?page=2>; title=more; rel=next", True),
        ('<https://acme.test/things?page=9>; rel="last next"', True),
        ('<https://acme.test/next>; rel="prev"', False),
        ('<https://acme.test/docs>; rel="nextcloud"', False),
    ],
)
def test_a_list_without_pages_whose_answer_names_a_further_one_is_known_to_be_cut(
    peer: Make, link: str, cut: bool
) -> None:
    seen = walked(peer(answering(lambda _: {"things": [{"id": 1}]}, f"Link: {link}\r\n")).url)

    assert isinstance(seen, Walked)
    assert seen.cut is cut


COUNTED = PAGED.replace("end: empty", 'total: "$response.body#/total"')


def whole(url: str) -> Walked | Reply:
    async def steps(walks: Walks) -> Any:
        return await walks.walk_whole(things(), 0.0)

    found: Walked | Reply = walking(url, steps, COUNTED)
    return found


def losing(*answers: list[int]) -> Callable[[str], Any]:
    """A list of three whose first pages show these, one after the other; further pages show nothing."""
    left = list(answers)

    def page(target: str) -> Any:
        shown = (left.pop(0) if len(left) > 1 else left[0]) if "page=1" in target else []
        return {"things": [{"id": id} for id in shown], "total": 3}

    return page


SHORT = "{kind: page, param: page, first: 1, size: size, max: 100}"


@pytest.mark.parametrize(
    ("page", "more"),
    [
        pytest.param(SHORT, {}, id="a-usual-length"),
        pytest.param(f'{SHORT[:-1]}, total: "$response.body#/total"}}', {"total": 27}, id="more-are-told-of"),
    ],
)
def test_a_server_that_gives_fewer_a_page_than_it_is_asked_for_is_read_to_the_end(
    peer: Make, page: str, more: dict[str, int]
) -> None:
    def capped(target: str) -> Any:
        number = int(parse_qs(urlsplit(target).query)["page"][0])
        shown = range(27)[(number - 1) * 10 : number * 10]
        return {"things": [{"id": str(one), "name": ""} for one in shown], **more}

    there = peer(answering(capped))

    assert len(walked(there.url, page).items) == 27
    assert len(there.received) == 3


def test_a_page_of_an_odd_length_is_the_last(peer: Make) -> None:
    there = peer(answering(lambda target: {"things": [{"id": str(one), "name": ""} for one in range(7)]}))

    assert len(walked(there.url, SHORT).items) == 7
    assert len(there.received) == 1


def test_whoever_must_know_what_is_there_looks_again_when_a_list_lost_items(peer: Make) -> None:
    seen = whole(peer(answering(losing([1, 2], [1, 2, 3]))).url)

    assert isinstance(seen, Walked)
    assert list(seen.items) == ["1", "2", "3"]


def test_a_list_that_counts_what_it_never_shows_is_believed_when_it_shows_the_same_twice(peer: Make) -> None:
    seen = whole(peer(answering(losing([1, 2]))).url)

    assert isinstance(seen, Walked)
    assert list(seen.items) == ["1", "2"]


def test_a_list_that_loses_others_each_time_tells_nobody_what_is_there(peer: Make) -> None:
    seen = whole(peer(answering(losing([1], [2], [3], [1], [2], [3], [1]))).url)

    assert isinstance(seen, NoAnswer)
    assert seen.message == "the list tells of 3 and shows 1, each time others"


def test_all_who_ask_at_once_share_one_walk(peer: Make) -> None:
    there = peer(answering(lambda _: {"things": []}))

    async def steps(walks: Walks) -> Any:
        now = asyncio.get_running_loop().time()
        return await asyncio.gather(*(walks.walk(things(), now) for _ in range(50))), walks.count

    found, count = walking(there.url, steps)

    assert all(isinstance(one, Walked) for one in found)
    assert count <= 2


def test_a_walk_that_began_before_it_was_asked_for_does_not_serve(peer: Make) -> None:
    asked, go = threading.Event(), threading.Event()

    def page(_: str) -> Any:
        asked.set()
        go.wait(5)
        return {"things": []}

    there = peer(answering(page))

    async def steps(walks: Walks) -> Any:
        loop = asyncio.get_running_loop()
        early = asyncio.ensure_future(walks.walk(things(), 0.0))
        await loop.run_in_executor(None, asked.wait, 5)
        since = loop.time()
        late = asyncio.ensure_future(walks.walk(things(), since))
        await asyncio.sleep(0)
        go.set()
        await early
        return (await late).began >= since, walks.count

    assert walking(there.url, steps) == (True, 2)


def test_whoever_is_cancelled_takes_the_walk_from_nobody(peer: Make) -> None:
    asked, go = threading.Event(), threading.Event()

    def page(_: str) -> Any:
        asked.set()
        go.wait(5)
        return {"things": [{"id": 1}]}

    there = peer(answering(page))

    async def steps(walks: Walks) -> Any:
        first = asyncio.ensure_future(walks.walk(things(), 0.0))
        await asyncio.get_running_loop().run_in_executor(None, asked.wait, 5)
        others = [asyncio.ensure_future(walks.walk(things(), 0.0)) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        go.set()
        return await asyncio.gather(*others)

    assert all(isinstance(one, Walked) for one in walking(there.url, steps))


def test_those_who_waited_for_a_turn_share_a_failure(peer: Make) -> None:
    there = peer(answering(lambda _: {"error": "broken"}))

    async def steps(walks: Walks) -> Any:
        now = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(walks.walk(things(), now) for _ in range(50)))
        return found, walks.count

    found, count = walking(there.url, steps)

    assert not any(isinstance(one, Walked) for one in found)
    assert count <= 2


@pytest.mark.parametrize(
    "text",
    ["Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:20", "Wed, 15 Nov 2023 01:13:20 +0300"],
)
def test_the_servers_date_does_not_depend_on_the_zone_of_this_machine(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert server_date(Answer(200, {"date": text})) == 1_700_000_000.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "soon", "99", "Tue, 99 Nov 2023 22:13:20 GMT"])
def test_a_date_that_is_none_is_told_as_missing(text: str) -> None:
    assert server_date(Answer(200, {"date": text})) is None


SENT = DOCUMENT.replace(
    "      page: PAGE", "      page: {kind: none}\n      send: {page: $request.query.page}"
)


@pytest.mark.parametrize("values", [("a", "b"), (1, True), (1, 1.0), ("1", 1)])
def test_lists_that_are_asked_for_differently_are_different_lists(values: tuple[Any, Any]) -> None:
    acme = load_provider("acme", SENT, "acme.yaml")

    first, second = (collection_of(acme, "acme", "things", {"page": value}) for value in values)

    assert first.inputs[0][1] is values[0]
    assert second.inputs[0][1] is values[1]
    assert [first.key, second.key] == [f"acme things page={value}" for value in values]


def test_all_who_ask_for_one_list_share_its_description() -> None:
    acme = load_provider("acme", SENT, "acme.yaml")

    assert collection_of(acme, "acme", "things", {"page": "a"}) is collection_of(
        acme, "acme", "things", {"page": "a"}
    )


def test_a_list_that_loses_an_item_between_its_pages_is_known_to_be_short(peer: Make) -> None:
    def page(target: str) -> Any:
        """Five at first; one of the first page goes away before the second is asked for, and all move up."""
        pages = {"page=1": [1, 2], "page=2": [4, 5]}
        return {
            "things": [{"id": id} for id in next((ids for name, ids in pages.items() if name in target), [])],
            "total": 5 if "page=1" in target else 4,
        }

    counted = PAGED.replace("end: empty", "total: '$response.body#/total', end: empty")
    seen = walked(peer(answering(page)).url, counted)

    assert isinstance(seen, Walked)
    assert (seen.count, seen.told, seen.short) == (4, 5, True)


def test_items_that_come_in_while_pages_are_read_are_no_loss(peer: Make) -> None:
    def page(target: str) -> Any:
        pages = {"page=1": [3, 2], "page=2": [2, 1]}
        return {
            "things": [{"id": id} for id in next((ids for name, ids in pages.items() if name in target), [])],
            "total": 3 if "page=1" in target else 4,
        }

    counted = PAGED.replace("end: empty", "total: '$response.body#/total', end: empty")
    seen = walked(peer(answering(page)).url, counted)

    assert isinstance(seen, Walked)
    assert (seen.count, seen.short) == (3, False)


@pytest.mark.parametrize(("nap", "walks"), [(0.5, 1), (3600.0, 2)])
def test_a_list_that_was_read_before_the_machine_slept_serves_nobody(
    peer: Make, nap: float, walks: int
) -> None:
    slept = [0.0]

    async def steps(made: Walks) -> int:
        await made.walk(things(), 0.0)
        slept[0] += nap
        await made.walk(things(), 0.0)
        return made.count

    count = walking(peer(answering(lambda _: {"things": []})).url, steps, slept=lambda: slept[0])

    assert count == walks
