"""``imgcell.sweep(…)``: from what the user writes to a :class:`~imgcell.sweeps.sweeping.Sweep`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from imgcell.client.client import Client
from imgcell.client.shelf import folder
from imgcell.client.where import default_provider
from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.sweeps import keeping
from imgcell.sweeps.axes import VARIANT, Axis, Choice, Design, Order, Together, design
from imgcell.sweeps.sweeping import Sweep

__all__ = ["one_home", "sweep"]


def sweep(
    prompt: Any = None,
    *,
    images: Any = None,
    mask: Any = None,
    provider: Any = None,
    model: Any = None,
    n: int = 1,
    size: Any = None,
    quality: Any = None,
    background: Any = None,
    output_format: Any = None,
    output_compression: Any = None,
    moderation: Any = None,
    style: Any = None,
    input_fidelity: Any = None,
    encoding: Any = None,
    keep: Any = None,
    response_format: Any = None,
    user: Any = None,
    partial_images: Any = None,
    extra: Any = None,
    variants: Mapping[str, Mapping[str, Any]] | None = None,
    order: Order = "interleaved",
    seed: int | None = None,
    library: str | os.PathLike[str] | bool | None = None,
) -> Sweep:
    """Describe many jobs as one value; nothing is sent before its ``.run()``.

    Every keyword but *n* and the last four may be one value; a list of values, which makes it an axis; or a dict from labels
    to values, an axis whose values are called by their labels.  Every combination is made, *n* times.

    ::

        s = imgcell.sweep(["a lighthouse", "一座灯塔"], model=["gpt-image-1", "gpt-image-1-mini"], quality=["low", "high"], n=3)
        s.plan()                # what would be sent, what it costs, how long it takes, what is impossible; nothing is sent
        sheet = s.run()         # a Sheet with axes: sheet.sel(quality="low"), sheet.grid(rows="prompt", columns="model")
        imgcell.Sweep.load().resume()       # after an interrupt or in a new kernel: what is missing, nothing twice

    Args:
        prompt: What to draw or change.  A tuple of prompts is an edit chain: each step edits the picture of the step before,
            and the cell shows the last.
        images: What an edit starts from, as in ``Client.edit``: ``[a, b]`` are the inputs of one job; an axis is a list of
            lists or a dict from labels to pictures or lists.  ``None`` as a value of a dict makes a picture from words.
        mask: As in ``Client.edit``; with a chain, of its first step.
        provider: Names of providers, or ``Client`` objects: the way to several keys or addresses of one.
        model: As in ``Client.generate``, and so for all fields up to *extra*.
        n: Pictures of each combination, from 1 on.  Each is a request of its own, so that each has its own time.
        size: As in ``Client.generate``.
        quality: As in ``Client.generate``.
        background: As in ``Client.generate``.
        output_format: As in ``Client.generate``.
        output_compression: As in ``Client.generate``.
        moderation: As in ``Client.generate``.
        style: As in ``Client.generate``.
        input_fidelity: As in ``Client.edit``.
        encoding: As in ``Client.edit``.
        keep: As in ``Client.edit``; with a chain, of its first step, as the mask.
        response_format: As in ``Client.generate``.
        user: As in ``Client.generate``.
        partial_images: As in ``Client.generate``.
        extra: Fields that are sent as they are; a list of mappings is an axis.
        variants: Label -> fields that belong together, for settings that cannot be combined freely:
            ``{"mini": {"provider": "openai", "model": "gpt-image-1-mini"}, "relay": {"provider": "apiyi"}}``.
        order: ``"interleaved"``: repeat after repeat and prompt after prompt, each beginning with another combination, so
            that latencies can be compared; ``"random"``; ``"listed"``: as the axes are listed.
        seed: Of a random order; it is kept with the sweep.
        library: Folder of the library in which it lives; ``None`` is that of the clients that were given, else
            ``$IMGCELL_HOME`` or the user's data folder; ``False`` keeps everything in memory: then it cannot be resumed
            in another kernel.

    Raises:
        InvalidJobError: For an axis that is empty or lists a value twice, and for a provider that does not exist.  A
            combination that cannot be sent is no error here: the plan shows it with its reason, and so does the sheet.
    """
    said = {
        "prompt": prompt, "images": images, "mask": mask, "provider": provider, "model": model, "size": size, "quality": quality,
        "background": background, "output_format": output_format, "output_compression": output_compression, "moderation": moderation,
        "style": style, "input_fidelity": input_fidelity, "encoding": encoding, "keep": keep, "response_format": response_format,
        "user": user, "partial_images": partial_images, "extra": extra,
    }  # fmt: skip
    made = design(said, n=n, order=order, seed=seed, variants=variants)
    if None in _providers(made):
        # By its name, so that another environment makes no other provider of it.
        made = _named(made, default_provider())
    home = _home(made, library)
    clients = keeping.clients(home)
    for value in _providers(made):
        clients(value)
    return Sweep(made, clients, home)


def _named(made: Design, name: str) -> Design:
    """Return *made* with the provider *name* wherever none is said."""

    def said(axis: Axis, value: Any) -> Any:
        if axis.name == "provider" and value is None:
            return name
        if isinstance(value, Together) and value.get("provider") is None:
            return Together({**value, "provider": name})
        return value

    if made.fixed.get("provider") is not None:
        return made
    axes = [Axis(axis.name, tuple(Choice(one.label, said(axis, one.value)) for one in axis.choices)) for axis in made.axes]
    fixed = dict(made.fixed)
    if all(axis.name not in ("provider", VARIANT) for axis in axes):
        fixed["provider"] = name
    return replace(made, axes=tuple(axes), fixed=fixed)


def _providers(made: Design) -> Iterator[Any]:
    """Yield what is given as a provider; ``None`` where a combination leaves it out."""
    said = [axis for axis in made.axes if axis.name in ("provider", VARIANT)]
    fixed = made.fixed.get("provider")
    if not said:
        yield fixed
    for axis in said:
        for choice in axis.choices:
            value = choice.value.get("provider", fixed) if isinstance(choice.value, Together) else choice.value
            if value is not None or len(said) == 1:
                yield value


def _home(made: Design, library: str | os.PathLike[str] | bool | None) -> Path | None:
    """Return the folder of the sweep's library; all of its clients must keep their pictures there."""
    homes = {value._home for value in _providers(made) if isinstance(value, Client)}
    return one_home(homes, folder(library) if library is not None or not homes else next(iter(homes)))


def one_home(homes: Iterable[Path | None], home: Path | None) -> Path | None:
    """Return *home* if all of *homes* are the same.

    Raises:
        InvalidJobError: They are not.
    """
    if any(one != home for one in homes):
        raise InvalidJobError(
            tr("The clients of a sweep keep their pictures in one library, and these do not."),
            hint=tr("Make them with the same library=, and give it to sweep(), too."),
        )
    return home
