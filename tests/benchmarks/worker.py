"""Measures one client in one case, in a process of its own: its argument is a ``Task`` as JSON, its output its figures.

Nothing but the standard library is imported until the case asks for it: what is imported is part of what is measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from measure import Figures, measure

PROMPT = "a lighthouse at dusk, seen from the sea"
MODEL = "gpt-image-1"
KEY = "sk-benchmark"


@dataclass
class Task:
    """What one worker is to do.

    Attributes:
        case: Name of a function below.
        client: Whom it measures.
        url: The server's address, without a path.
        side: Width and height of the pictures that are answered.
        repetitions, warm_ups, peaks, units: See ``measure``.
        library: Folder of imgcell's library; ``None`` keeps nothing on disk.
        files: Paths of what is uploaded.
    """

    case: str
    client: str
    url: str = ""
    side: int = 1
    repetitions: int = 1
    warm_ups: int = 1
    peaks: int = 0
    units: int = 1
    library: str | None = None
    files: list[str] = field(default_factory=list)

    def base_url(self, kind: str) -> str:
        """Return the address that answers with *kind*."""
        return f"{self.url}/{kind}-{self.side}/v1"

    def body(self) -> dict[str, Any]:
        """Return the request as a bare HTTP client sends it."""
        return {"model": MODEL, "prompt": PROMPT}


def kernel() -> Any:
    """Return a shell in a process that has imported what a kernel has."""
    import ipykernel.debugger
    import ipykernel.ipkernel
    import ipykernel.kernelapp  # noqa: F401 - as a kernel does
    from IPython.core.interactiveshell import InteractiveShell

    return InteractiveShell.instance()


def imgcell_client(task: Task, kind: str, **settings: Any) -> Any:
    """Return imgcell's client for answers of *kind*."""
    import imgcell

    return imgcell.Client("openai", base_url=task.base_url(kind), api_key=KEY, library=task.library or False, **settings)


def openai_client(task: Task, kind: str) -> Any:
    """Return the SDK's client for answers of *kind*."""
    from openai import OpenAI

    return OpenAI(base_url=task.base_url(kind), api_key=KEY, max_retries=0)


def imports(task: Task) -> Figures:
    """Import something in a process that holds what a kernel holds."""
    shell = kernel()
    begun = time.perf_counter()
    if task.client == "load_ext":
        shell.run_line_magic("load_ext", "imgcell")
    else:
        __import__(task.client)
    return Figures(time=[time.perf_counter() - begun])


def cold(task: Task) -> Figures:
    """From a kernel that runs to the first tiny answer."""
    kernel()
    begun = time.perf_counter()
    if task.client == "imgcell":
        imgcell_client(task, "json").generate(PROMPT, model=MODEL)
    else:
        openai_client(task, "json").images.generate(model=MODEL, prompt=PROMPT)
    return Figures(time=[time.perf_counter() - begun])


def sequential(task: Task) -> Figures:
    """Tiny answers, one after the other."""
    if task.client == "imgcell":
        client = imgcell_client(task, "json")

        def once(_: Any) -> None:
            for _ in range(task.units):
                client.generate(PROMPT, model=MODEL)

        return _measured(task, once)
    return _asynchronous(task, in_flight=1)


def in_flight(task: Task) -> Figures:
    """Tiny answers, 32 requests at a time."""
    return _asynchronous(task, in_flight=32)


def _asynchronous(task: Task, in_flight: int) -> Figures:
    import asyncio

    one: Any
    if task.client == "imgcell":
        client = imgcell_client(task, "json", max_in_flight=in_flight)

        async def one() -> None:
            await client.agenerate(PROMPT, model=MODEL)

    elif task.client == "httpx":
        import httpx

        # Its own default keeps 20 connections and closes the others after each request.
        bare = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_keepalive_connections=in_flight))
        url, headers, body = f"{task.base_url('json')}/images/generations", {"Authorization": f"Bearer {KEY}"}, task.body()

        async def one() -> None:
            (await bare.post(url, json=body, headers=headers)).json()

    else:
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(base_url=task.base_url("json"), api_key=KEY, max_retries=0)

        async def one() -> None:
            await sdk.images.generate(model=MODEL, prompt=PROMPT)

    async def some(count: int) -> None:
        for _ in range(count):
            await one()

    async def crowd() -> None:
        await asyncio.gather(*(some(task.units // in_flight) for _ in range(in_flight)))

    loop = asyncio.new_event_loop()
    return _measured(task, lambda _: loop.run_until_complete(crowd()))


def pixels(task: Task) -> Figures:
    """From the call to decoded pixels, the picture answered as base64."""
    return _picture(task, load=True)


def lazy(task: Task) -> Figures:
    """From the call to a PIL image whose pixels nobody has asked for yet."""
    return _picture(task, load=False)


def _picture(task: Task, *, load: bool) -> Figures:
    return _measured(task, _asking(task, load=load), prime=lambda: _asking(replace(task, side=256), load=load)(None))


def _asking(task: Task, *, load: bool) -> Callable[[Any], Any]:
    if task.client == "imgcell":
        client = imgcell_client(task, "json")

        def once(_: Any) -> Any:
            picture = client.generate(PROMPT, model=MODEL)[0]
            if load:
                picture.load()
            return picture

    else:
        sdk = openai_client(task, "json")

        def once(_: Any) -> Any:
            return _opened(sdk.images.generate(model=MODEL, prompt=PROMPT).data[0].b64_json, load=load)

    return once


def _opened(text: str, *, load: bool) -> Any:
    import base64
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(text)))
    if load:
        image.load()
    return image


def events(task: Task) -> Figures:
    """Streaming: three partial pictures and the final one, each decoded as somebody who shows them must."""
    if task.client == "imgcell":
        import imgcell

        client = imgcell_client(task, "events")

        def once(_: Any) -> None:
            for step in client.stream(imgcell.Generate(PROMPT, model=MODEL, partial_images=3)):
                picture = getattr(step, "picture", None)
                if picture is not None:
                    picture.load()

    else:
        sdk = openai_client(task, "events")

        def once(_: Any) -> None:
            for event in sdk.images.generate(model=MODEL, prompt=PROMPT, stream=True, partial_images=3):
                _opened(event.b64_json, load=True)

    return _measured(task, once)


def upload(task: Task) -> Figures:
    """An edit with picture files, the answer tiny."""
    from artwork import tiny_file

    send = _sending(task)
    return _measured(task, lambda _: send(task.files), prime=lambda: send([str(tiny_file())]))


def _sending(task: Task) -> Callable[[list[str]], None]:
    import contextlib

    path = f"{task.base_url('json')}/images/edits"
    headers = {"Authorization": f"Bearer {KEY}"}
    if task.client == "imgcell":
        client = imgcell_client(task, "json")
        return lambda files: client.edit(PROMPT, images=files, model=MODEL)

    import httpx

    def parts(files: list[str], stack: contextlib.ExitStack) -> list[tuple[str, Any]]:
        return [("image[]", (f"{n}.png", stack.enter_context(open(name, "rb")), "image/png")) for n, name in enumerate(files)]

    if task.client == "httpx":
        bare = httpx.Client(timeout=60)

        def send(files: list[str]) -> None:
            with contextlib.ExitStack() as stack:
                bare.post(path, data=task.body(), files=parts(files, stack), headers=headers).json()

    else:
        import asyncio

        loop = asyncio.new_event_loop()
        awaited = httpx.AsyncClient(timeout=60)

        async def post(files: list[str]) -> None:
            with contextlib.ExitStack() as stack:
                (await awaited.post(path, data=task.body(), files=parts(files, stack), headers=headers)).json()

        def send(files: list[str]) -> None:
            loop.run_until_complete(post(files))

    return send


def crowd(task: Task) -> Figures:
    """64 requests at a time, each answered with a picture after two seconds; nobody touches the pixels."""
    count = 64
    if task.client == "imgcell":
        import asyncio

        import imgcell

        client = imgcell_client(task, "late", max_in_flight=count)
        # A notebook has used its client before it asks for 64 pictures at once.
        imgcell.Client("openai", base_url=task.base_url("json"), api_key=KEY, library=task.library or False).generate(PROMPT, model=MODEL)
        loop = asyncio.new_event_loop()

        async def gathered() -> list[Any]:
            return await asyncio.gather(*(client.agenerate(f"{PROMPT} {number}", model=MODEL) for number in range(count)))

        def once(_: Any) -> Any:
            return loop.run_until_complete(gathered())

    else:
        from concurrent.futures import ThreadPoolExecutor

        sdk = openai_client(task, "late")
        openai_client(task, "json").images.generate(model=MODEL, prompt=PROMPT)

        def one(number: int) -> Any:
            return _opened(sdk.images.generate(model=MODEL, prompt=f"{PROMPT} {number}").data[0].b64_json, load=False)

        def once(_: Any) -> Any:
            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(one, range(count)))

    return _measured(task, once)


def display(task: Task) -> Figures:
    """All that a kernel does to show a result as a cell's output, up to the bytes of the message."""
    import base64

    from artwork import picture as artwork
    from IPython.core.formatters import DisplayFormatter

    data = artwork(task.side).read_bytes()
    if task.client == "imgcell":
        client = imgcell_client(task, "json")

        def ready() -> Any:
            return client.generate(PROMPT, model=MODEL)[0]

    else:
        import io

        from PIL import Image

        def ready() -> Any:
            return Image.open(io.BytesIO(data))

    formatter: Any = DisplayFormatter()

    def once(image: Any) -> str:
        shown, metadata = formatter.format(image)
        # As ipykernel.jsonutil.encode_images does.
        content = {kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in shown.items()}
        return json.dumps({"data": content, "metadata": metadata, "transient": {}})

    return _measured(task, once, ready=ready)


def _measured(task: Task, once: Any, **more: Any) -> Figures:
    return measure(once, repetitions=task.repetitions, units=task.units, warm_ups=task.warm_ups, peaks=task.peaks, **more)


CASES = (imports, cold, sequential, in_flight, pixels, lazy, events, upload, crowd, display)

if __name__ == "__main__":
    asked = Task(**json.loads(sys.argv[1]))
    found = next(case for case in CASES if case.__name__ == asked.case)
    print(json.dumps(found(asked).plain()))
