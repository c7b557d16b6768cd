"""Notifications over real sockets: what is passed on, and what a stranger, a flood or a slow peer can do."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from runner.api.catalogue import Catalogue
from runner.engine.wire.webhooks import Bounds, Bucket, Notice, Receiver, listen_address, new_token, notice_of
from runner.model.errors import RunnerError, WrongUsage

Heard = list[tuple[str, Mapping[str, Any]]]
NOTICE = {"type": "RENDER", "ref": "my-reference", "batchId": "batch-123", "status": "RENDERING"}
JSON = "application/json"


def with_receiver(use: Callable[[Receiver, Heard], Awaitable[Any]], **bounds: Any) -> Any:
    """What `use` returns, of a receiver on a free port."""

    async def run() -> Any:
        heard: Heard = []
        receiver = Receiver("secret", lambda *said: heard.append(said), Bounds(**bounds))
        await receiver.start("127.0.0.1:0")
        try:
            return await asyncio.wait_for(use(receiver, heard), 20)
        finally:
            await receiver.close()

    return asyncio.run(run())


async def connected(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side hangs up, however it does."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def exchanged(url: str, sent: bytes) -> bytes:
    """All that is answered to these bytes until the connection ends."""
    reader, writer = await connected(url)
    try:
        writer.write(sent)
        await writer.drain()
    except ConnectionError:
        pass  # it hung up on us, and may have said why
    answer = await ended(reader)
    writer.close()
    return answer


async def post(url: str, body: bytes, kind: str = JSON, method: str = "POST", path: str = "") -> int:
    """The status that a request is answered with."""
    head = f"{method} {path or urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return int((await exchanged(url, head.encode() + body)).split(b" ")[1])


def test_a_notification_in_json_is_passed_on_with_its_provider() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[int, Heard]:
        return await post(receiver.url("blurb"), json.dumps(NOTICE).encode()), heard

    assert with_receiver(use) == (200, [("blurb", NOTICE)])


def test_a_notification_as_a_form_is_passed_on() -> None:
    async def use(receiver: Receiver, heard: Heard) -> Heard:
        body, kind = b"order_number=TP1&status=&client_ref=a+b", "application/x-www-form-urlencoded"
        assert await post(receiver.url("rev"), body, kind) == 200
        return heard

    said = {"order_number": "TP1", "status": "", "client_ref": "a b"}
    assert with_receiver(use) == [("rev", said)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"[1, 2]", JSON),
        (b'{"half": ', JSON),
        (b"[" * 60_000, JSON),
        (b"\xff\xfe\x00", "text/plain"),
        (b"<html><body>hello</body></html>", "text/html"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
        (b"a=\xff", "application/x-www-form-urlencoded"),
        (b"{}", 'application/json; charset="no such thing"'),
    ],
)
def test_what_cannot_be_read_is_accepted_and_forgotten(body: bytes, kind: str) -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[int, Heard]:
        return await post(receiver.url("blurb"), body, kind), heard

    assert with_receiver(use) == (200, [])


@pytest.mark.parametrize(
    "path", ["/", "/blurb", "/favicon.ico", "/" + "0" * 40, "/x" * 4000, "/%00", "/a?b=c", "*", "/ü"]
)
def test_a_wrong_path_is_not_found_whatever_it_is(path: str) -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[int, Heard]:
        receiver.url("blurb")
        return await post(receiver.url("rev"), b"{}", path=path), heard

    status, heard = with_receiver(use)
    assert status in (400, 404)
    assert heard == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_a_post_finds_the_address(method: str) -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[int, Heard]:
        return await post(receiver.url("blurb"), b"{}", method=method), heard

    assert with_receiver(use) == (404, [])


def test_an_address_that_nobody_asked_for_is_not_found() -> None:
    async def use(receiver: Receiver, heard: Heard) -> int:
        other = Receiver("secret", lambda *said: None)
        return await post(receiver.url("rev"), b"{}", path=urlsplit(other.url("blurb")).path)

    assert with_receiver(use) == 404


def test_a_proxy_may_add_to_the_path_or_take_from_it() -> None:
    async def use(receiver: Receiver, heard: Heard) -> list[int]:
        url = receiver.url("blurb")
        paths = (f"/outer/inner{urlsplit(url).path}", urlsplit(url).path + "/")
        return [await post(url, b'{"a": 1}', path=path) for path in paths]

    assert with_receiver(use) == [200, 200]


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[bytes, Heard]:
        url = receiver.url("blurb")
        head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n"
        return await exchanged(url, head.encode()), heard

    answer, heard = with_receiver(use)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert heard == []


def test_a_huge_body_in_chunks_is_cut() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[int, Heard]:
        url = receiver.url("blurb")
        reader, writer = await connected(url)
        writer.write(
            f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                writer.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
                await writer.drain()
                sent += 0x8000
        except ConnectionError:
            pass
        await ended(reader)
        writer.close()
        return sent, heard

    sent, heard = with_receiver(use)
    assert sent < 64 * 1024 * 1024
    assert heard == []


def test_a_body_just_within_the_bound_is_passed_on_and_one_byte_more_is_not() -> None:
    async def use(receiver: Receiver, heard: Heard) -> list[int]:
        url = receiver.url("blurb")
        return [await post(url, b'{"a": "' + b"x" * (size - 9) + b'"}') for size in (65536, 65537)]

    assert with_receiver(use) == [200, 413]


def test_a_packed_body_is_never_unpacked() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[bytes, Heard]:
        import gzip

        url, body = receiver.url("blurb"), gzip.compress(b'{"a": "' + b" " * 20_000_000 + b'"}')
        head = (
            f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {JSON}\r\n"
        )
        head += f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        return await exchanged(url, head.encode() + body), heard

    answer, heard = with_receiver(use)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert heard == []


def test_a_body_that_does_not_come_is_not_waited_for_long() -> None:
    async def use(receiver: Receiver, heard: Heard) -> bytes:
        url = receiver.url("blurb")
        head = f'POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{"a'
        return await exchanged(url, head.encode())

    assert with_receiver(use, patience=0.1).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_ends() -> None:
    async def use(receiver: Receiver, heard: Heard) -> bytes:
        return await exchanged(receiver.url("blurb"), b"POST /never-ends HTTP/1.1\r\nX-Slow: ")

    assert with_receiver(use, life=0.1) == b""


def test_more_connections_than_the_most_are_hung_up_on_and_the_others_still_served() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[bytes, int]:
        url = receiver.url("blurb")
        idle = [await connected(url) for _ in range(3)]
        refused = await exchanged(url, b"")
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(ended(reader) for reader, _ in idle))
        return refused, await _patiently(lambda: post(url, b'{"a": 1}'))

    assert with_receiver(use, connections=3) == (b"", 200)


async def _patiently(ask: Callable[[], Awaitable[int]]) -> int:
    """Asks until there is an answer: the other side sees the end of a connection a moment later than we do."""
    while True:
        try:
            return await ask()
        except (IndexError, ConnectionError):
            await asyncio.sleep(0)


def test_connections_that_stay_open_do_not_keep_the_run_from_ending() -> None:
    async def run() -> float:
        receiver = Receiver("secret", lambda *said: None)
        await receiver.start("127.0.0.1:0")
        url = receiver.url("blurb")
        head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: "
        idle, half = await connected(url), await connected(url)
        idle[1].write((head + "2\r\n\r\n{}").encode())
        assert (await idle[0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        half[1].write((head + "100\r\n\r\n{").encode())
        await half[1].drain()
        began = asyncio.get_running_loop().time()
        await receiver.close()
        took = asyncio.get_running_loop().time() - began
        for reader, writer in (idle, half):
            await ended(reader)
            writer.close()
        return took

    assert asyncio.run(run()) < 2


def test_a_flood_is_refused_beyond_its_measure() -> None:
    async def use(receiver: Receiver, heard: Heard) -> tuple[list[int], int]:
        url = receiver.url("blurb")
        statuses = await asyncio.gather(*(post(url, b'{"a": 1}') for _ in range(30)))
        return sorted(statuses), len(heard)

    assert with_receiver(use, rate=0.001, burst=5) == ([200] * 5 + [429] * 25, 5)


def test_strangers_do_not_use_up_the_measure() -> None:
    async def use(receiver: Receiver, heard: Heard) -> int:
        url = receiver.url("blurb")
        for _ in range(20):
            await post(url, b"{}", path="/guess")
        return await post(url, b'{"a": 1}')

    assert with_receiver(use, rate=0.001, burst=1) == 200


def test_a_bucket_fills_again_with_time_up_to_its_most() -> None:
    now = [0.0]
    bucket = Bucket(2.0, 3, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 1000.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_addresses_are_the_same_for_a_token_and_tell_nothing_of_each_other() -> None:
    first, again = (Receiver("secret", lambda *said: None) for _ in range(2))
    other = Receiver(new_token(), lambda *said: None)
    assert first.url("blurb") == again.url("blurb")
    words = {r.url(name) for r in (first, other) for name in ("blurb", "rev")}
    assert len(words) == 4
    assert all(len(word.rpartition("/")[2]) >= 32 for word in words)
    assert "secret" not in "".join(words)


def test_an_earlier_runs_notification_is_expected() -> None:
    async def use(receiver: Receiver, heard: Heard) -> Heard:
        receiver.expect(("blurb",))
        word = Receiver("secret", lambda *said: None).url("blurb")
        assert await post(receiver.url("rev"), b'{"a": 1}', path=word) == 200
        return heard

    assert with_receiver(use) == [("blurb", {"a": 1})]


def test_the_public_url_stands_before_the_address() -> None:
    async def run() -> str:
        receiver = Receiver("secret", lambda *said: None)
        await receiver.start("127.0.0.1:0", "https://hooks.example.com/runner/")
        url = receiver.url("blurb")
        await receiver.close()
        await receiver.close()
        return url

    assert asyncio.run(run()).startswith("https://hooks.example.com/runner/")


@pytest.mark.parametrize(
    "url", ["hooks.example.com", "ftp://x/", "https://", "https://x/?a=b", "https://u:p@x/"]
)
def test_a_public_url_that_cannot_be_is_told(url: str) -> None:
    with pytest.raises(WrongUsage, match="under which webhooks can come"):
        asyncio.run(Receiver("secret", lambda *said: None).start("127.0.0.1:0", url))


@pytest.mark.parametrize(
    "text", ["", "8080", "localhost", "127.0.0.1:", "x:99999", "x:a", "h:1/path", "u@h:1"]
)
def test_a_text_that_is_no_host_and_port_is_told(text: str) -> None:
    with pytest.raises(WrongUsage, match="HOST:PORT"):
        listen_address(text)


def test_hosts_and_ports_are_read() -> None:
    assert listen_address("0.0.0.0:8080") == ("0.0.0.0", 8080)
    assert listen_address("[::1]:0") == ("::1", 0)


def test_a_taken_port_is_told() -> None:
    async def use(receiver: Receiver, heard: Heard) -> None:
        await Receiver("other", lambda *said: None).start(urlsplit(receiver.url("x")).netloc)

    with pytest.raises(RunnerError, match="cannot listen for webhooks on"):
        with_receiver(use)


def blurb(name: str) -> Any:
    found = Catalogue().use(f"blurb.{name}")
    assert found is not None
    return found


def test_a_notification_tells_the_id_and_the_mark_where_the_document_says() -> None:
    assert notice_of(blurb("batch"), NOTICE) == Notice("batch-123", "my-reference")


@pytest.mark.parametrize("body", [{}, {"batchId": {"a": 1}, "ref": ["x"]}, {"batchId": None, "ref": True}])
def test_a_notification_that_tells_neither_tells_nothing(body: dict[str, Any]) -> None:
    assert notice_of(blurb("batch"), body) == Notice("", "")


def test_a_resource_without_notifications_has_none() -> None:
    assert notice_of(blurb("artist"), NOTICE) == Notice("", "")
