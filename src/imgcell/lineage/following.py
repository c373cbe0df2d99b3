"""A recipe that can be looked at, priced and followed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.lineage.chain import Link
from imgcell.lineage.holdings import given_record
from imgcell.lineage.reading import check, document_of
from imgcell.masks.showing import mask_thumbnail
from imgcell.pictures.formats import inspect
from imgcell.pictures.picture import Picture
from imgcell.pictures.source import MemorySource
from imgcell.pictures.thumbnails import thumbnail
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from imgcell.lineage.chain import Runner
    from imgcell.lineage.reading import Checked, Step, Taken
    from imgcell.pictures.sheet import Sheet

__all__ = ["Recipe"]

_SIDE, _DOTS = 56, 2


class Recipe:
    """How a picture is made, step by step; made by :func:`imgcell.from_recipe`.

    Nothing is sent before :meth:`run`; :meth:`plan` says what would be and what it would cost.  Providers are those of the
    user's own configuration that go by the recipe's names: a recipe holds no addresses.

    Args:
        source: What :func:`imgcell.from_recipe` takes.
        runner: Runs jobs.
        find: Looks for a file that was left out, by its name in the recipe.

    Raises:
        InvalidJobError: If it is no recipe, or anything in it is not as it should be.
    """

    def __init__(self, source: object, runner: Runner, find: Callable[[str], Picture | None]) -> None:
        document = document_of(source)
        self._checked: Checked = check(document)
        self._document: Mapping[str, Any] = document
        self._runner = runner
        self._find = find

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order; the last one makes the picture."""
        return self._checked.steps

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of input pictures that the recipe does not hold and that the library does not have either."""
        return tuple(name for name in self._checked.files if self._file(name) is None)

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return the document, for ``json.dump``."""
        document: dict[str, Any] = json.loads(json.dumps(self._document))
        return document

    def plan(self, provider: str | None = None, model: str | None = None, client: Any = None) -> Any:
        """Return what :meth:`run` would send and what that is estimated to cost; it prints well.  Nothing is sent.

        Raises:
            InvalidJobError: A step cannot be sent as it is.
        """
        return self._runner.plan(self._links(), provider=provider, model=model, client=client)

    def run(self, provider: str | None = None, model: str | None = None, client: Any = None, *, once: bool = False) -> Sheet:
        """Follow the recipe and wait for the pictures.

        Args:
            provider: Who makes them; ``None`` is who made each the first time.
            model: Which model; ``None`` is the one of the first time, or with *provider* its default.
            client: A :class:`imgcell.Client` that makes all of them; instead of *provider*.
            once: Take what the library has of the same jobs, and send only the rest.

        Returns:
            One picture a step, in order: ``sheet[-1]`` is what the recipe is for.  If a step fails, what was made before
            it is returned and the error is in ``sheet.errors``.

        Raises:
            InvalidJobError: An input picture was left out of the recipe and is not in the library.  Nothing was sent.
            ImgcellError: The first step failed.
        """
        return self._runner.run(self._links(), provider=provider, model=model, client=client, once=once)

    # -- what it takes -----------------------------------------------------------------------------------------

    def _links(self) -> list[Link]:
        links = []
        for number, step in enumerate(self.steps):
            inputs = tuple(one.step if one.step is not None else self._picture(one, number) for one in step.inputs)
            mask = self._needed(step.mask, number) if step.mask is not None else None
            links.append(Link(number, step.kind, step.prompt, step.provider, step.model, dict(step.options), inputs, mask))
        return links

    def _picture(self, one: Taken, number: int) -> Picture:
        assert one.file is not None  # checked
        return self._needed(one.file, number, one.of if one.modified else None)

    def _needed(self, name: str, number: int, parent: str | None = None) -> Picture:
        picture = self._file(name, parent)
        if picture is None:
            raise InvalidJobError(
                tr("Step {number} needs a picture that was left out of the recipe: {name}.", number=number, name=name[:19] + "…"),
                hint=tr("Put that picture into this library (use it once in an edit), or ask for the recipe as JSON: it is whole."),
            )
        return picture

    def _file(self, name: str, parent: str | None = None) -> Picture | None:
        data = self._checked.files[name]
        if data is None:
            return self._find(name)
        source = MemorySource(data, name.removeprefix("sha256:"))
        facts = inspect(source)
        return Picture(source, given_record(name, source, facts, parent), facts)

    # -- showing -----------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        lines = [_heading(self.steps)]
        for number, step in enumerate(self.steps):
            lines.append(f"  [{number}] {_who(step)} · “{clip(clean(step.prompt), 80)}”" + "".join(f" · {one}" for one in _inputs(step)))
            lines.extend(f"        {name} = {value}" for name, value in _options(step))
        missing = self.left_out
        if missing:
            lines.append(
                "  " + tr("Left out of it, and not in the library: {names}.", names=", ".join(name[:19] + "…" for name in missing))
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(str(self))

    def to_html(self) -> str:
        """Return a self-contained table of the steps: no script, every text escaped."""
        rows = []
        for number, step in enumerate(self.steps):
            options = "<br>".join(f"<small>{_said(name)} = {_said(value)}</small>" for name, value in _options(step))
            prompt = f'<span title="{_said(clip(clean(step.prompt), 2000))}">{_said(clip(clean(step.prompt), 240))}</span>'
            cells = [
                f'<b style="overflow-wrap:normal">[{number}]</b>',
                self._thumbnails(step),
                prompt,
                f"{_said(_who(step))}{'<br>' if options else ''}{options}",
            ]
            style = "vertical-align:top;text-align:left;padding:6px;overflow-wrap:anywhere;border-top:1px solid rgba(128,128,128,.35)"
            first = style + ";white-space:nowrap"
            rows.append("<tr>" + "".join(f'<td style="{style if at else first}">{cell}</td>' for at, cell in enumerate(cells)) + "</tr>")
        head = _heading(self.steps)
        missing = self.left_out
        foot = (
            tr("Left out of it, and not in the library: {names}.", names=", ".join(name[:19] + "…" for name in missing)) if missing else ""
        )
        return (
            f'<div class="imgcell-recipe" style="max-width:860px"><div>{_said(head)}</div>'
            f'<table style="border-collapse:collapse">{"".join(rows)}</table><div>{_said(foot)}</div></div>'
        )

    def _thumbnails(self, step: Step) -> str:
        shown = []
        for one in step.inputs:
            if one.step is not None:
                shown.append(_said(tr("result of [{number}]", number=one.step)))
            elif one.file is not None:
                picture = self._file(one.file)
                shown.append(_image(thumbnail(picture, _SIDE * _DOTS) if picture is not None else None, tr("given")))
        if step.mask is not None:
            mask = self._file(step.mask)
            shown.append(_image(mask_thumbnail(mask, _SIDE * _DOTS) if mask is not None else None, tr("mask")))
        return "<br>".join(shown)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def _heading(steps: tuple[Step, ...]) -> str:
    if len(steps) == 1:
        return tr("Recipe of one step. Nothing is sent before .run(); .plan() says what it would cost.")
    return tr("Recipe of {count} steps. Nothing is sent before .run(); .plan() says what it would cost.", count=len(steps))


def _who(step: Step) -> str:
    return " / ".join(dict.fromkeys(clean(part) for part in (step.provider, step.model or "") if part))


def _inputs(step: Step) -> list[str]:
    said = [tr("result of [{number}]", number=one.step) if one.step is not None else tr("given") for one in step.inputs]
    return [*said, *([tr("mask")] if step.mask is not None else [])]


def _options(step: Step) -> list[tuple[str, str]]:
    # What is passed through as it is, is shown too: whoever follows a recipe pays for it.
    said = {**{name: value for name, value in step.options.items() if name != "extra"}, **(step.options.get("extra") or {})}
    return [
        (clip(clean(str(name)), 40), clip(clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)), 120))
        for name, value in said.items()
    ]


def _image(address: str | None, label: str) -> str:
    if address is None:
        return f"<small>{_said(label)}: ∅</small>"
    return f'<img alt="{_said(label)}" title="{_said(label)}" src="{address}" style="max-width:{_SIDE}px;max-height:{_SIDE}px">'


def _said(text: str) -> str:
    return escape(clean(text), quote=True)
