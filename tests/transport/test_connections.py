"""Connections are used again while they are good, and never when they may not be."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell.portal import portal
from imgcell.transport.http import Delivery, Pool


@pytest.fixture
def client(raw: Any, tmp_path: Path) -> Any:
    """A client of the server under control."""
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as made:
        yield made


def test_used_again(client: Any, raw: Any, answers: Any) -> None:
    """One request after the other goes over one connection."""
    raw.play(answers.picture())
    for _ in range(3):
        client.generate("a lighthouse")
    assert (len(raw.requests), raw.connections) == (3, 1)


def test_not_when_the_server_closed_it(client: Any, raw: Any, answers: Any) -> None:
    """A connection that the server has closed since is not sent to: that would be an unknown outcome for nothing."""

    def answer_and_close(connection: Any, request: Any) -> None:
        answers.picture()(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    raw.play(answer_and_close)
    for _ in range(3):
        assert len(client.generate("a lighthouse")) == 1
    assert (len(raw.requests), raw.connections) == (3, 3)


def test_not_after_an_unasked_byte(client: Any, raw: Any, answers: Any) -> None:
    """Bytes that nobody asked for would be taken for the next answer."""
    forged = answers.picture(revised_prompt="forged")

    def answer_twice(connection: Any, request: Any) -> None:
        answers.picture()(connection, request)
        forged(connection, request)

    raw.play(answer_twice, answers.picture(revised_prompt="own"))
    client.generate("a lighthouse")
    assert client.generate("a lighthouse")[0].record.revised_prompt == "own"
    assert raw.connections == 2


def test_not_after_a_broken_answer(client: Any, raw: Any, answers: Any) -> None:
    """An answer that broke off takes its connection with it."""
    raw.play(answers.cut(), answers.picture())
    with pytest.raises(imgcell.errors.OutcomeUnknownError):
        client.generate("a lighthouse")
    client.generate("a lighthouse")
    assert raw.connections == 2


def test_not_when_it_was_idle_for_long(raw: Any, answers: Any) -> None:
    """After the keep-alive time a new connection is made."""
    raw.play(answers.image())

    async def twice(keep_alive: float) -> None:
        pool = Pool(5.0, keep_alive=keep_alive)
        for _ in range(2):
            answer = await pool.send("GET", f"http://127.0.0.1:{raw.port}/a.png", {}, None, Delivery())
            assert b"".join([piece async for piece in answer.body]) == answers.png
            await answer.close()
        await pool.close()

    portal().run(twice(60.0))
    assert raw.connections == 1
    portal().run(twice(0.0))
    assert raw.connections == 3
