"""The client's faces: blocking, awaited, step by step; where it goes and with which key."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell import errors
from imgcell.client import Run
from imgcell.pictures.steps import Final, Partial, Progress
from imgcell.store import Library


def test_generate(client: imgcell.Client, imgcell_home: Path) -> None:
    """Words become a picture with a record, and the library has it."""
    sheet = client.generate("横版 16:9 黄昏海边的老灯塔 🗼", size="1024x1024", quality="low")
    picture = sheet[0]
    assert isinstance(picture, Image.Image)
    record = picture.record
    assert (record.prompt, record.kind, record.size) == ("横版 16:9 黄昏海边的老灯塔 🗼", "generate", (1024, 1024))
    assert record.requested == {"size": "1024x1024", "quality": "low"}
    assert record.cost is not None
    assert record.cost.basis == "free"
    assert record.seconds > 0
    assert Library(imgcell_home).record(record.id) == record


def test_edit_with_every_kind_of_input(client: imgcell.Client, server: Any, tmp_path: Path) -> None:
    """A Picture, a PIL image, bytes, a path, an array, a URL and a Sheet are all pictures, in their order."""
    sheet = client.generate("a lighthouse", size="1024x1024", quality="low")
    Image.new("RGB", (64, 48), "red").save(tmp_path / "参考.png")
    Image.new("RGB", (64, 48), "blue").save(tmp_path / "参考.bmp")
    url = client.generate("a cat", quality="low", response_format="url")[0].record.url
    assert url is not None
    given = [
        sheet[0],
        Image.new("CMYK", (50, 40)),
        (tmp_path / "参考.png").read_bytes(),
        tmp_path / "参考.png",
        str(tmp_path / "参考.bmp"),
        np.zeros((30, 20, 3), np.uint8),
        url,
        sheet,
    ]
    result = client.edit("put them together", images=given, quality="low")
    assert len(result[0].record.parents) == 8
    assert result[0].record.parents[0] == result[0].record.parents[-1] == sheet[0].record.id
    assert any("re-encoded as PNG" in note for note in result[0].record.notes)


def test_edit_with_a_mask(client: imgcell.Client) -> None:
    """White is edited, the rest stays as it was, to the pixel."""
    first = client.generate("a lighthouse", size="1024x1024", quality="low")[0]
    mask = np.zeros((1024, 1024), bool)
    mask[200:600, 300:700] = True
    result = client.edit("a red balloon", images=first, mask=mask, size="1024x1024", quality="low")[0]
    before, after = (np.asarray(picture.convert("RGB")) for picture in (first, result))
    assert (before[~mask] == after[~mask]).all()
    assert (before[mask] != after[mask]).any()
    assert result.record.mask is not None


def test_awaited(client: imgcell.Client) -> None:
    """Several at once in one loop of the user's own."""

    async def work() -> list[imgcell.Sheet]:
        async with imgcell.Client("sandbox", base_url=client.base_url) as inner:
            made = await asyncio.gather(*(inner.agenerate(f"picture {k}", quality="low") for k in range(3)))
            return [*made, await inner.aedit("brighter", images=[made[0][0]], quality="low")]

    sheets = asyncio.run(work())
    assert [len(sheet) for sheet in sheets] == [1, 1, 1, 1]
    assert sheets[3][0].record.parents == (sheets[0][0].record.id,)


def test_unknown_keywords() -> None:
    """A typing error in a field's name is an error, in both faces."""
    client = imgcell.Client("sandbox", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(TypeError, match="qualty"):
        client.generate("a", qualty="low")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="qualty"):
        asyncio.run(client.agenerate("a", qualty="low"))  # type: ignore[call-arg]


def test_stream_both_ways(client: imgcell.Client) -> None:
    """Progress, partial pictures, the picture: with async for and with for."""
    job = imgcell.Generate("a lighthouse", partial_images=2, quality="low")

    async def work() -> list[Any]:
        return [step async for step in client.stream(job)]

    for steps in (asyncio.run(work()), list(client.stream(job))):
        assert isinstance(steps[0], Progress)
        assert [step.index for step in steps if isinstance(step, Partial)] == [0, 1]
        assert isinstance(steps[-1], Final)
        assert steps[-1].picture.size == (1024, 1024)
        assert all(isinstance(step.picture, Image.Image) for step in steps if isinstance(step, Partial))


def test_one_step_at_a_time(client: imgcell.Client) -> None:
    """The stream is an async iterator: anext() takes one step, aclose() lets go."""

    async def work() -> Any:
        steps = client.stream(imgcell.Generate("a lighthouse", quality="low"))
        first = await steps.__anext__()
        await steps.aclose()
        with pytest.raises(StopAsyncIteration):
            await steps.__anext__()
        return first

    assert isinstance(asyncio.run(work()), Progress)


def test_a_stream_that_fails(client: imgcell.Client) -> None:
    """The error comes where the picture would."""
    with pytest.raises(errors.ModerationError):
        list(client.stream(imgcell.Generate("[[fault:moderation]]")))


def test_many_in_order(server: Any) -> None:
    """n > 1 on a model that makes one a call becomes parallel calls, and the pictures keep their order."""
    with imgcell.Client("apiyi", base_url=server.url("apiyi"), api_key="sk-test") as client:
        run = client.submit(imgcell.Generate("a lighthouse", n=5))
        assert isinstance(run, Run)
        sheet = run.result()
    assert len(sheet) == len({picture.record.id for picture in sheet}) == 5
    assert len([request for request in server.requests if request.method == "POST"]) == 5
    assert run.done
    assert run.errors == ()


def test_callbacks(client: imgcell.Client) -> None:
    """on_partial and on_done are called as things come, on imgcell's own thread."""
    seen: list[Any] = []
    threads: set[str] = set()

    def note(step: Any) -> None:
        seen.append(step)
        threads.add(threading.current_thread().name)

    client.generate("a lighthouse", quality="low", partial_images=1, on_partial=note, on_done=note)
    assert [type(step) for step in seen] == [Partial, Final]
    assert threads == {"imgcell"}


def test_plan_sends_nothing(client: imgcell.Client, server: Any) -> None:
    """A plan shows the calls and the price, with pictures described instead of shown, and no request goes out."""
    plan = client.plan(imgcell.Edit("make it night", images=[Image.new("RGB", (64, 48))], size="1024x1024", n=2))
    assert plan.pictures == 2
    assert plan.cost is not None
    assert "64×48" in str(plan)
    assert "make it night" in str(plan)
    assert server.requests == []


def test_a_plan_needs_no_key() -> None:
    """One may look before one has a key."""
    plan = imgcell.Client("apiyi").plan(imgcell.Generate("海边的灯塔", size="16:9", n=3))
    assert len(plan.calls) == 3
    assert any("16:9" in str(value) for _, value in plan.calls[0]["body"])
    assert plan.notes


def test_a_closed_client(client: imgcell.Client) -> None:
    """Says so."""
    client.close()
    client.close()
    with pytest.raises(errors.InvalidJobError, match="closed"):
        client.generate("a lighthouse")


def test_nothing_on_disk(server: Any, imgcell_home: Path) -> None:
    """library=False keeps all in memory."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client:
        picture = client.generate("a lighthouse", quality="low")[0]
    assert picture.data[:4] == b"\x89PNG"
    assert picture.record.attempt
    assert not list(imgcell_home.rglob("*"))


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """$IMGCELL_PROVIDER, else the provider whose key is set, else the sandbox."""
    assert imgcell.Client().provider.name == "sandbox"
    monkeypatch.setenv("APIYI_API_KEY", "sk-1")
    assert imgcell.Client().provider.name == "apiyi"
    monkeypatch.delenv("APIYI_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert imgcell.Client().provider.name == "openai"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://relay.example.com/v1")
    assert imgcell.Client().provider.name == "openai-compatible"
    assert imgcell.Client().base_url == "https://relay.example.com/v1"
    monkeypatch.setenv("IMGCELL_PROVIDER", "ezmodel")
    assert imgcell.Client().provider.name == "ezmodel"
    assert imgcell.Client(base_url="http://127.0.0.1:1/v1").provider.name == "openai-compatible"


def test_a_local_server_needs_no_key(server: Any) -> None:
    """Servers on one's own machine mostly have none; the sandbox here does, and says so itself."""
    with imgcell.Client(base_url=server.url("openai-compatible")) as client, pytest.raises(errors.AuthenticationError):
        client.generate("a lighthouse")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/v1",
        "ftp://example.com",
        "https://",
        "https://me:secret@example.com/v1",
        "https://exa mple.com",
        "https://a.b/v1?x=1",
    ],
)
def test_odd_addresses(url: str) -> None:
    """An address that cannot be used is told of when the client is made, without its password."""
    with pytest.raises(errors.ConfigurationError) as caught:
        imgcell.Client("openai", base_url=url, api_key="sk-1")
    assert "secret" not in str(caught.value)


def test_an_address_copied_whole() -> None:
    """The endpoint's own path is not sent twice."""
    client = imgcell.Client("openai", base_url="https://relay.example.com/v1/images/generations/", api_key="sk-1")
    assert client.base_url == "https://relay.example.com/v1"


@pytest.mark.parametrize("setting", [{"timeout": 0}, {"connect_timeout": -1}, {"max_in_flight": 0}, {"timeout": True}, {"timeout": "10"}])
def test_odd_settings(setting: dict[str, Any]) -> None:
    """Numbers above zero."""
    with pytest.raises(errors.InvalidJobError):
        imgcell.Client("sandbox", **setting)


def test_the_default_sandbox_needs_nothing() -> None:
    """Without a key and without a server, a picture all the same."""
    with imgcell.Client() as client:
        assert client.generate("a lighthouse", quality="low")[0].size == (1024, 1024)


def test_a_client_that_is_dropped(server: Any) -> None:
    """Its connections are closed, but not before what it is asked for has come."""
    client = imgcell.Client(base_url=server.url("openai-compatible"), api_key="sk-sandbox")
    run = client.submit(imgcell.Generate("a lighthouse", quality="low"))
    endpoint = weakref.ref(client._connected())
    closed = threading.Event()
    pool = client._connected().pool
    close = pool.close

    async def watched() -> None:
        await close()
        closed.set()

    pool.close = watched  # type: ignore[method-assign]  # watched from outside
    del client, pool
    gc.collect()
    assert len(run.result()) == 1
    del run
    gc.collect()
    assert endpoint() is None
    assert closed.wait(10)


def test_a_thread_that_outlives_the_main_one(server: Any, imgcell_home: Path) -> None:
    """What a script's thread still waits for when its last line is done comes, and is kept."""
    script = f"""
import imgcell, threading
client = imgcell.Client(base_url={server.url("openai-compatible")!r}, api_key="sk-sandbox")
begun = threading.Event()

def work():
    begun.set()
    threading.main_thread().join()
    print(len(client.generate("a lighthouse", quality="low")))

threading.Thread(target=work).start()
begun.wait()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("1\n", "")
    assert len(list((imgcell_home / "records").rglob("*.json"))) == 1


def test_leaving_without_waiting(imgcell_home: Path) -> None:
    """A program that ends while requests are out ends at once, and says how many may have been charged."""
    script = """
import sys, imgcell
client = imgcell.Client("openai", base_url=sys.argv[1], api_key="sk-sandbox")
run = client.submit(imgcell.Generate("a lighthouse"))
while not run.out:
    run.wait(0.01)
"""
    with imgcell.sandbox.serve(latency=60.0) as server:
        command = [sys.executable, "-c", script, server.base_url]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert "Requests still out at the end: 1." in ended.stderr
