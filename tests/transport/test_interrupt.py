"""Interrupt: the call returns, nothing new is sent, and what was sent is still received and kept."""

from __future__ import annotations

import _thread
import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors
from imgcell.store import Library


def states(home: Path) -> list[str]:
    """Return the states that the ledger went through, sorted."""
    lines = [json.loads(line) for file in sorted((home / "ledger").iterdir()) for line in file.read_text().splitlines()]
    return sorted(line["state"] for line in lines)


def held(raw: Any, answers: Any) -> Any:
    """Return an act that answers with a picture only when the server is released."""

    def act(connection: Any, request: Any) -> None:
        raw.release.wait(30)
        answers.picture()(connection, request)

    return act


def test_an_interrupt_keeps_what_was_sent(raw: Any, answers: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two of five were sent when the interrupt came: two pictures arrive in the library, three are never sent."""
    raw.play(held(raw, answers))
    client = imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=tmp_path, max_in_flight=2)

    def interrupt() -> None:
        raw.wait_for(2)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        client.generate("a lighthouse", n=5)
    assert "Requests already sent: 2" in capsys.readouterr().err
    assert list(Library(tmp_path).records()) == []
    raw.release.set()
    run = client.submit(imgcell.Generate("one more, after it"))
    run.result()
    deadline = threading.Event()
    for _ in range(200):
        if len(list(Library(tmp_path).records())) == 3:
            break
        deadline.wait(0.05)
    assert len(list(Library(tmp_path).records())) == 3
    assert len(raw.requests) == 3
    client.close()


def test_cancel_counts_and_second_cancel_lets_go(raw: Any, answers: Any, tmp_path: Path) -> None:
    """The first call tells how many are on their way; the second stops listening, and the ledger says unknown."""
    raw.play(held(raw, answers))
    with imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=tmp_path, max_in_flight=2) as client:
        run = client.submit(imgcell.Generate("a lighthouse", n=4))
        raw.wait_for(2)
        assert run.cancel() == 2
        assert not run.wait(0.05)
        run.cancel()
        assert run.wait(10)
        kinds = sorted(type(error).__name__ for error in run.errors)
        assert kinds == ["NotSentError", "NotSentError", "OutcomeUnknownError", "OutcomeUnknownError"]
    assert states(tmp_path) == ["sending", "sending", "unknown", "unknown"]
    assert len(raw.requests) == 2


def test_cancelling_an_awaited_call(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A cancelled task stops waiting; the picture is kept all the same."""
    raw.play(held(raw, answers))
    client = imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path)

    async def work() -> None:
        task = asyncio.ensure_future(client.agenerate("a lighthouse"))
        await asyncio.get_running_loop().run_in_executor(None, raw.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    raw.release.set()
    wait = threading.Event()
    for _ in range(200):
        if list(Library(tmp_path).records()):
            break
        wait.wait(0.05)
    assert len(list(Library(tmp_path).records())) == 1
    client.close()


def test_leaving_a_stream_early(raw: Any, answers: Any, tmp_path: Path) -> None:
    """Leaving the loop sends nothing more."""
    raw.play(held(raw, answers))
    with imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=tmp_path, max_in_flight=1) as client:
        for step in client.stream(imgcell.Generate("a lighthouse", n=3)):
            if getattr(step, "state", "") == "sending":
                raw.wait_for(1)
                break
        raw.release.set()
    assert len(raw.requests) == 1


def test_a_callback_may_call_the_blocking_api(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A callback runs on the portal's thread and asks for another picture there, with a single slot in the gate."""
    raw.play(answers.picture())
    inner: list[Any] = []
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path, max_in_flight=1) as client:

        def again(step: Any) -> None:
            if not inner:
                inner.append(client.generate("from the callback"))

        outer = client.generate("a lighthouse", on_done=again)
    assert len(outer) == 1
    assert len(inner[0]) == 1
    assert len(raw.requests) == 2


def test_a_failing_callback_costs_nothing(raw: Any, answers: Any, tmp_path: Path) -> None:
    """The picture is returned, with a warning."""
    raw.play(answers.picture())

    def fail(step: Any) -> None:
        raise ZeroDivisionError("oh")

    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:
        with pytest.warns(UserWarning, match="ZeroDivisionError: oh"):
            assert len(client.generate("a lighthouse", on_done=fail)) == 1


def test_a_cut_stream(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A stream that ends before its picture: unknown, with the last partial picture attached."""
    import base64

    event = {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": base64.b64encode(answers.png).decode()}
    data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
    raw.play(answers.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + data))
    partials: list[Any] = []
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:
        with pytest.raises(errors.OutcomeUnknownError) as caught:
            client.generate("a lighthouse", partial_images=1, on_partial=partials.append)
    assert partials[0].picture.size == (64, 48)
    assert caught.value.partial.size == (64, 48)
    assert states(tmp_path)[-1] == "unknown"
    assert len(raw.requests) == 1


def test_a_store_that_fails(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the library cannot take the picture, it reaches the variable all the same, with a warning."""
    import imgcell.store

    raw.play(answers.picture())
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:

        def break_it(connection: Any, request: Any) -> None:
            (tmp_path / "blobs").rmdir() if (tmp_path / "blobs").is_dir() else None
            (tmp_path / "blobs").write_text("in the way")
            answers.picture()(connection, request)

        raw.play(break_it)
        with pytest.warns(UserWarning):
            sheet = client.generate("a lighthouse")
    assert sheet[0].data == answers.png


def test_closing_breaks_nothing_off(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A client that is closed while a request is under way still receives and keeps what it brings."""
    raw.play(held(raw, answers))
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:
        run = client.submit(imgcell.Generate("a lighthouse"))
        raw.wait_for(1)
    assert not run.done
    raw.release.set()
    assert len(run.result()) == 1
    assert len(list(Library(tmp_path).records())) == 1
