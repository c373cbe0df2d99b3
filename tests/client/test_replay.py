"""once=True: what the library has of a job is not paid for again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors
from imgcell.pictures.steps import Final
from imgcell.store import Library


def ids(sheet: imgcell.Sheet) -> list[str]:
    """The ids of its pictures, in order."""
    return [record.id for record in sheet.records]


@pytest.fixture
def other(server: Any) -> Iterator[imgcell.Client]:
    """Another client of the same sandbox and the same library, as another cell or kernel would have."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox")) as made:
        yield made


def test_the_same_job_is_sent_once(client: imgcell.Client, other: imgcell.Client, server: Any) -> None:
    """The second time the pictures come from the library, byte for byte, in their places, and nothing is sent."""
    made = client.generate("a lighthouse", n=2, size="512x512", once=True)
    again = other.generate("a lighthouse", n=2, size="512x512", once=True)
    assert len(server.posts) == 1
    assert ids(again) == ids(made)
    assert [picture.data for picture in again] == [picture.data for picture in made]
    assert again[0].getpixel((5, 5)) == made[0].getpixel((5, 5))
    assert again.done
    assert (made.replayed, again.replayed) == (0, 2)
    assert "from the library: 2" in repr(again).splitlines()[0]
    assert "library" not in repr(made)


def test_without_once_it_is_sent_again(client: imgcell.Client, server: Any) -> None:
    """A person who asks again wants another picture; with once it is the newest that comes."""
    first = client.generate("a lighthouse", size="512x512")
    second = client.generate("a lighthouse", size="512x512")
    assert len(server.posts) == 2
    assert ids(first) != ids(second) == ids(client.generate("a lighthouse", size="512x512", once=True))
    assert len(server.posts) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "a lighthouse at night"},
        {"model": "gpt-image-2"},
        {"n": 2},
        {"size": "1024x1024"},
        {"extra": {"seed": 2}},
        {"output_format": "jpeg"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_another_job_is_sent(client: imgcell.Client, server: Any, fields: dict[str, Any]) -> None:
    """Whatever changes what is asked for makes another job."""
    job = {"prompt": "a lighthouse", "size": "512x512", "extra": {"seed": 1}}
    client.generate(**job, once=True)
    client.generate(**{**job, **fields}, once=True)
    assert len(server.posts) == 2


def test_how_pictures_travel_makes_no_other_job(client: imgcell.Client, server: Any) -> None:
    """Streamed or whole, as data or by address, with callbacks or without: it is the same picture."""
    made = client.generate("a lighthouse", size="512x512")
    seen: list[Final] = []
    again = client.generate("a lighthouse", size="512x512", partial_images=2, response_format="url", on_done=seen.append, once=True)
    assert ids(again) == ids(made)
    assert [step.picture for step in seen] == list(again)
    assert len(server.posts) == 1


def test_the_same_edit_by_what_goes_in(client: imgcell.Client, other: imgcell.Client, server: Any, tmp_path: Path) -> None:
    """An edit is the same if its pictures and its mask have the same bytes, wherever they come from."""
    cat, dog = client.generate("a cat", size="512x512")[0], client.generate("a dog", size="512x512")[0]
    (tmp_path / "cat.png").write_bytes(cat.data)
    mask = cat.convert("L").point(lambda value: 255 * (value > 100))
    made = client.edit("make it night", images=[cat], mask=mask, once=True)
    assert ids(other.edit("make it night", images=tmp_path / "cat.png", mask=mask, once=True)) == ids(made)
    assert len(server.posts) == 3
    client.edit("make it night", images=[dog], mask=mask, once=True)
    client.edit("make it night", images=[cat], mask=mask.point(lambda value: 255 - value), once=True)
    client.edit("make it night", images=[cat], once=True)
    assert len(server.posts) == 6


def test_only_what_is_missing_is_sent(client: imgcell.Client, other: imgcell.Client, server: Any, imgcell_home: Path) -> None:
    """Gaps of a job are asked for by themselves, and what comes lands in the gaps."""
    made = client.generate("five boats", n=5, size="256x256")
    for gone in (1, 2, 4):
        Library(imgcell_home).delete(made[gone].record.id)
    run = other.submit(imgcell.Generate("five boats", n=5, size="256x256"), once=True)
    sheet = run.result()
    assert run.replayed == 2
    assert [request.json.get("n", 1) for request in server.posts[1:]] in ([2, 1], [1, 2])
    kept = [picture.record.id for place, picture in enumerate(sheet) if place in (0, 3)]
    assert kept == [made[0].record.id, made[3].record.id]
    assert [record.slot for record in sheet.records] == [0, 1, 2, 3, 4]
    assert len({*ids(made), *ids(sheet)}) == 8
    assert ids(client.generate("five boats", n=5, size="256x256", once=True)) == ids(sheet)
    assert len(server.posts) == 3


def test_a_failed_rest_is_an_error_in_its_place(client: imgcell.Client, server: Any, imgcell_home: Path) -> None:
    """What the library has is returned although the rest was refused."""
    made = client.generate("two boats", n=2, size="256x256")
    Library(imgcell_home).delete(made[1].record.id)
    server.play("moderation")
    with pytest.warns(UserWarning, match="1 of 2 pictures did not come"):
        sheet = client.generate("two boats", n=2, size="256x256", once=True)
    assert ids(sheet) == [made[0].record.id]
    assert isinstance(sheet.errors[0], errors.ModerationError)


def test_what_was_deleted_or_is_gone_is_not_shown_again(client: imgcell.Client, server: Any, imgcell_home: Path) -> None:
    """A deleted picture is made anew, one brought back is not; one whose file is gone or cut short is no picture."""
    name = client.generate("a kite", size="256x256")[0].record.id
    library = Library(imgcell_home)
    library.delete(name)
    second = client.generate("a kite", size="256x256", once=True)[0]
    assert len(server.posts) == 2
    library.restore(name)
    library.delete(second.record.id)
    assert ids(client.generate("a kite", size="256x256", once=True)) == [name]
    assert len(server.posts) == 2
    blob = library.blob(second.record.sha256)
    assert blob is not None
    Path(blob.path).write_bytes(second.data[:-20])
    client.generate("a kite", size="256x256", once=True)
    assert len(server.posts) == 3


def test_no_key_is_needed_for_what_is_there(server: Any) -> None:
    """What needs no request needs no key and no connection."""
    with imgcell.Client("openai", base_url=server.url("openai"), api_key="sk-anything") as client:
        made = client.generate("a fox", size="1024x1024", model="gpt-image-1")
    with imgcell.Client("openai", base_url=server.url("openai")) as client:
        assert ids(client.generate("a fox", size="1024x1024", model="gpt-image-1", once=True)) == ids(made)
        with pytest.raises(errors.MissingKeyError):
            client.generate("a fox", size="1024x1024", model="gpt-image-1")


def test_the_plan_says_what_would_be_sent(client: imgcell.Client, imgcell_home: Path) -> None:
    """A plan with once counts the requests and the price of what is missing only."""
    job = imgcell.Generate("three kites", n=3, size="256x256")
    assert (client.plan(job, once=True).pictures, client.plan(job, once=True).replayed) == (3, 0)
    made = client.generate("three kites", n=3, size="256x256")
    Library(imgcell_home).delete(made[0].record.id)
    plan = client.plan(job, once=True)
    assert (len(plan.calls), plan.pictures, plan.replayed) == (1, 1, 2)
    assert "From the library, without a request: 2." in str(plan)
    Library(imgcell_home).restore(made[0].record.id)
    whole = client.plan(job, once=True)
    assert (whole.calls, whole.pictures, whole.replayed) == ((), 0, 3)
    assert whole.cost is not None
    assert whole.cost.amount == 0
    assert client.plan(job).pictures == 3


def test_every_face_takes_once(client: imgcell.Client, server: Any) -> None:
    """Awaited, step by step and submitted, generating and editing."""
    import asyncio

    cat = client.generate("a cat", size="256x256")[0]
    night = client.edit("make it night", images=[cat], size="256x256")[0]

    async def awaited() -> list[imgcell.Sheet]:
        return [
            await client.agenerate("a cat", size="256x256", once=True),
            await client.aedit("make it night", images=[cat], size="256x256", once=True),
        ]

    assert [ids(sheet) for sheet in asyncio.run(awaited())] == [[cat.record.id], [night.record.id]]
    steps = list(client.stream(imgcell.Generate("a cat", size="256x256"), once=True))
    assert [step.picture.record.id for step in steps if isinstance(step, Final)] == [cat.record.id]
    run = client.submit(imgcell.Edit("make it night", images=[cat], size="256x256"), once=True)
    assert (ids(run.result()), run.replayed) == ([night.record.id], 1)
    assert len(server.posts) == 2


def test_a_library_that_cannot_be_searched(client: imgcell.Client, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With once nothing is sent when nobody can tell whether it was paid for already; without, work goes on."""

    def broken(self: Library, digest: str) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(Library, "by_job", broken)
    with pytest.raises(errors.StorageError, match="the disk is on fire"):
        client.generate("a cat", size="256x256", once=True)
    assert server.posts == []
    assert len(client.generate("a cat", size="256x256")) == 1


def test_once_without_a_library(server: Any) -> None:
    """A client that keeps nothing cannot promise anything, and says so before it sends."""
    with (
        imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client,
        pytest.raises(errors.InvalidJobError, match="Without a library"),
    ):
        client.generate("a cat", once=True)
    assert server.posts == []


def run_python(code: str) -> str:
    """Run *code* in a new process with this library; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False, timeout=60, env=os.environ.copy()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("imgcell.store.Library.keep", "size='256x256'"),
        ("imgcell.transport.fetch.Downloads.fetch", "size='256x256', response_format='url'"),
    ],
    ids=["spooled", "address known"],
)
def test_what_a_dead_kernel_had_paid_for_is_found(client: imgcell.Client, server: Any, step: str, fields: str) -> None:
    """A process that died with the answer in its hands has paid: its pictures are made good before the job is looked for."""
    owner, _, name = step.rpartition(".")
    module, _, kind = owner.rpartition(".")
    code = (
        f"import os, imgcell\nfrom {module} import {kind}\n{kind}.{name} = lambda *args, **settings: os._exit(9)\n"
        f"imgcell.Client('sandbox', base_url={server.url('sandbox')!r}).generate('a cat', {fields})"
    )
    died = subprocess.run([sys.executable, "-c", code], check=False, timeout=60, env=os.environ.copy())
    assert died.returncode == 9
    assert len(server.posts) == 1
    assert len(client.generate("a cat", size="256x256", once=True)) == 1
    assert len(server.posts) == 1


def test_what_may_have_been_charged_is_said_before_it_is_forgotten(client: imgcell.Client, server: Any) -> None:
    """A job whose request ended without an answer is sent again, with a warning, until the user has settled it."""
    server.play("reset")
    with pytest.raises(errors.OutcomeUnknownError):
        client.generate("a cat", size="256x256")
    library = client.library
    assert library is not None
    with pytest.warns(UserWarning, match="may have been charged"):
        made = client.generate("a cat", size="256x256", once=True)
    assert len(client.generate("another cat", size="256x256", once=True)) == 1
    imgcell.unsettled()[0].settle(charged=False)
    library.delete(made[0].record.id)
    client.generate("a cat", size="256x256", once=True)
    assert len(server.posts) == 4


def test_the_paid_path_does_not_open_the_index(server: Any) -> None:
    """Nothing of a request that is not asked once waits for the index: SQLite is not even loaded."""
    code = f"import sys, imgcell; imgcell.Client('sandbox', base_url={server.url('sandbox')!r}).generate('a cat', size='256x256')\n"
    assert run_python(code + "print('sqlite3' in sys.modules)") == "False"


def test_a_sandbox_on_another_port_is_the_same_sandbox() -> None:
    """The sandbox of a process listens on a new port every time; its pictures are found again all the same."""
    code = (
        "import imgcell\n"
        "root = imgcell.sandbox.local_url().removesuffix('/sandbox/v1')\n"
        "client = imgcell.Client('openai', base_url=f'{root}/openai/v1', api_key='sk-anything')\n"
        "run = client.submit(imgcell.Generate('a cat', size='1024x1024', model='gpt-image-1'), once=True)\n"
        "print(run.result()[0].record.id, run.replayed)"
    )
    first, second = run_python(code).split(), run_python(code).split()
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("0", "1")
