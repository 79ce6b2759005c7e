"""The load client: it counts every failure, retries none, and keeps to its schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-colour: blue\r\nx-release: r1\r\n\r\nok"


async def played(
    answer: Callable[[int, asyncio.StreamWriter], Awaitable[bool]],
    *,
    rate: float = 200.0,
    seconds: float = 0.2,
    timeout: float = 5.0,
) -> tuple[list[object], int]:
    """Run the load against a server that answers its n-th request as told; return the record and what it received."""
    from load import Load

    received = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                received += 1
                if not await answer(received, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    record: list[object] = []
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    load = Load({"here": ("127.0.0.1", port)}, rate=rate, record=record.append, timeout_seconds=timeout)
    await load.run(over)
    server.close()
    return record, received


async def whole(_: int, writer: asyncio.StreamWriter) -> bool:
    writer.write(WHOLE)
    return True


def test_every_request_is_in_the_record_once() -> None:
    record, received = asyncio.run(played(whole))
    assert received == len(record) > 0
    assert not any(request.failed for request in record)
    assert {(request.colour, request.release) for request in record} == {("blue", "r1")}


def test_a_connection_that_breaks_off_is_one_failure_and_is_not_sent_again() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> bool:
        if number % 5 == 0:
            writer.transport.abort()
            return False
        return await whole(number, writer)

    record, received = asyncio.run(played(answer))
    failed = [request for request in record if request.failed]
    assert len(failed) == received // 5 > 0
    assert len(record) == received
    assert all(request.status == 0 and request.trouble for request in failed)


def test_an_answer_that_is_cut_short_is_a_failure() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(WHOLE[:-1])
        await writer.drain()
        return False

    record, received = asyncio.run(played(answer, rate=50))
    assert len(record) == received > 0
    assert all(request.failed for request in record)


@pytest.mark.parametrize("status", [b"500 Oops", b"503 Gone", b"404 Lost"])
def test_an_answer_that_is_no_success_is_a_failure(status: bytes) -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(WHOLE.replace(b"200 OK", status))
        return True

    record, _ = asyncio.run(played(answer, rate=50))
    assert record
    assert all(request.failed and request.status == int(status[:3]) for request in record)


def test_what_is_too_late_is_a_failure() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(5)
        return False

    record, _ = asyncio.run(played(answer, rate=20, timeout=0.1))
    assert record
    assert all(request.failed and "no answer within" in request.trouble for request in record)


def test_a_server_that_is_not_there_is_a_failure_for_each_request() -> None:
    async def nobody() -> list[object]:
        from load import Load

        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        record: list[object] = []
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, over.set)
        await Load({"here": ("127.0.0.1", port)}, rate=100, record=record.append).run(over)
        return record

    record = asyncio.run(nobody())
    assert record
    assert all(request.failed for request in record)


def test_a_slow_service_gets_no_fewer_requests_and_lateness_counts_from_the_schedule() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.2)
        return await whole(number, writer)

    record, _ = asyncio.run(played(answer, rate=100, seconds=0.3))
    due = sorted(request.due for request in record)
    assert len(record) >= 10
    assert due[-1] - due[0] == pytest.approx((len(due) - 1) / 100, abs=0.002)
    assert min(request.milliseconds for request in record) >= 200


def test_a_record_is_read_back_as_it_was_and_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    from load import Request, read_record

    good = Request(due=1.5, region="here", status=200, milliseconds=2.25, colour="blue", release="r1")
    bad = Request(due=2.5, region="here", status=0, milliseconds=9.0, colour="", release="", trouble="reset")
    path = tmp_path / "record.tsv"
    path.write_text(good.line() + bad.line() + good.line()[:-7], encoding="utf-8")
    assert list(read_record(path)) == [good, bad]
    assert [request.failed for request in read_record(path)] == [False, True]
