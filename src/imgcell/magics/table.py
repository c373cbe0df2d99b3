"""The one table of what may be written on a magic's line.

The parser, ``--help``, the docstrings (``%%imagine?``) and Tab completion are all made from it, so that none of them
can say something that another does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgcell.language import tr

__all__ = ["Option", "docstring", "options_for"]


@dataclass(frozen=True)
class Option:
    """One option of a magic.

    Attributes:
        flags: As typed, the short form first.
        dest: Name of the field of :class:`imgcell.magics.parse.Arguments` that it fills.
        help: One line for ``--help``.
        metavar: What stands for the value; ``""`` for a switch.
        kind: ``"switch"``, ``"text"``, ``"list"`` (several values separated by commas), ``"repeat"`` (may be given again),
            or ``"number"``.
        values: What completes after it: ``"providers"``, ``"models"``, ``"fields"`` (words of ``-o``), ``"images"``,
            ``"masks"`` (pictures and saved masks), the name of a job's field, or ``""``.
    """

    flags: tuple[str, ...]
    dest: str
    help: str
    metavar: str = ""
    kind: str = "text"
    values: str = ""


def options_for(magic: str) -> tuple[Option, ...]:
    """Return the options of ``"imagine"``, ``"imgedit"`` or of a word of ``%imgcell`` (``"use"``, ``"history"``, …), in help's order."""
    choice = (
        Option(("-p", "--provider"), "providers", tr("provider, or several separated by commas"), "PROVIDER,…", "list", "providers"),
        Option(("-m", "--model"), "models", tr("model, or several"), "MODEL,…", "list", "models"),
        Option(("-s", "--size"), "sizes", tr("size, or several"), "SIZE,…", "list", "size"),
        Option(("-q", "--quality"), "qualities", tr("quality, or several"), "QUALITY,…", "list", "quality"),
    )
    if magic == "use":
        return choice[1:]
    if magic == "history":
        return (
            *choice[:2],
            Option(("--since",), "since", tr("only from then on: 7d, 12h, 2w, today, yesterday or 2026-11-20"), "WHEN", "text", "since"),
            Option(("--rating",), "rating", tr("only with so many stars or more, 1 to 5"), "STARS", "number", "rating"),
            Option(("--tag",), "tag", tr("only with this tag"), "TAG"),
            Option(("--notebook",), "notebook", tr("only made in this notebook"), "NAME"),
            Option(("-n", "--number"), "limit", tr("how many at most; 24 if not said"), "N", "number"),
        )
    if magic == "spend":
        return (
            Option(("--since",), "since", tr("only from then on: 7d, 12h, 2w, today, yesterday or 2026-11-20"), "WHEN", "text", "since"),
        )
    if magic not in ("imagine", "imgedit"):
        return ()
    pictures = (
        Option(
            ("-i", "--image"),
            "images",
            tr("a picture to edit: a variable, a path or a URL; again for the next one"),
            "IMAGE",
            "repeat",
            "images",
        ),
        Option(
            ("--mask",),
            "mask",
            tr("where to edit: white, or transparent in a picture with alpha; or a saved mask's name"),
            "MASK",
            "text",
            "masks",
        ),
        Option(("--keep",), "keep", tr("put the picture's own pixels back outside of the mask"), kind="switch"),
        Option(("--feather",), "feather", tr("the same, mixed over so many pixels beside the mask; 8 if not said"), "PIXELS", "number"),
    )
    rest = (
        Option(("-n", "--number"), "n", tr("how many pictures, 1 to 10"), "N", "number", "n"),
        Option(("-o", "--option"), "fields", tr("any other field of the request; may be repeated"), "KEY=VALUE", "repeat", "fields"),
        Option(("--stream",), "stream", tr("stream, with K partial pictures, 0 to 3"), "K", "number", "partial_images"),
        Option(("--plan",), "plan", tr("show what would be sent and its price; send nothing"), kind="switch"),
        Option(("--yes",), "yes", tr("do not ask before many or expensive pictures"), kind="switch"),
        Option(("--later",), "later", tr("return at once; NAME is a Sheet that fills"), kind="switch"),
        Option(
            ("--once",), "once", tr("take what the library has of the same job, from whenever; send only what is missing"), kind="switch"
        ),
        Option(("--again",), "again", tr("make new pictures, whatever the library has"), kind="switch"),
        Option(("--raw",), "raw", tr("leave braces in the prompt as they are"), kind="switch"),
        Option(("-h", "--help"), "help", tr("show this help"), kind="switch"),
    )
    return (*(pictures if magic == "imgedit" else ()), *choice, *rest)


def docstring(magic: str) -> str:
    """Return the text of ``--help`` and of ``%%imagine?``; *magic* is ``"imagine"``, ``"imgedit"`` or ``"imgcell"``."""
    if magic == "imgcell":
        return _imgcell()
    edit = magic == "imgedit"
    about = tr("Edit pictures by words.") if edit else tr("Make pictures from words.")
    needed, choices = " -i IMAGE [-i IMAGE]…" if edit else "", tr("options")
    lines = [
        about,
        "",
        f"    %%{magic} [NAME]{needed} [{choices}]",
        "    " + tr("the prompt, over as many lines as it takes, with {variables}"),
        "",
        f"    %{magic}{needed} [{choices}] " + tr("the prompt"),
        f"    %{magic} [NAME]{needed} [{choices}] -- " + tr("the prompt"),
        "",
        tr("NAME is bound to the Picture if exactly one was asked for, else to the Sheet; _images is always the last Sheet."),
        tr("A comma list is a sweep: every combination runs, side by side."),
        tr("Names in braces are looked up, nothing is evaluated; double braces are literal ones."),
    ]
    if edit:
        lines.append(tr("The order of -i is image 1, image 2, image 3 in the prompt."))
    lines += ["", *_listing(options_for(magic))]
    return "\n".join(lines)


def _listing(options: tuple[Option, ...]) -> list[str]:
    heads = [", ".join(option.flags) + (f" {option.metavar}" if option.metavar else "") for option in options]
    width = max(map(len, heads))
    return [f"  {head:<{width}}  {option.help}" for head, option in zip(heads, options, strict=True)]


def _imgcell() -> str:
    lines = (
        ("%imgcell", tr("provider, key, library, and what to type next")),
        ("%imgcell use PROVIDER [-m MODEL] [-s SIZE] [-q QUALITY]", tr("what the magics use when the line does not say")),
        ("%imgcell providers", tr("the providers, their models and whether a key was found")),
        ("%imgcell history [WORDS] [-n N] [--since 7d]", tr("what was made before, the newest first; WORDS stand in the prompt")),
        ("%imgcell star IMAGE [0-5]", tr("give a picture stars; IMAGE is its id or a variable")),
        ("%imgcell tag IMAGE WORD…", tr("give it tags; `-WORD` takes one away")),
        ("%imgcell note IMAGE TEXT", tr("write a note beside it")),
        ("%imgcell delete IMAGE…", tr("move pictures to the trash; `%imgcell undo` brings them back")),
        ("%imgcell masks", tr("the masks that have a name, for --mask NAME")),
        (
            "%imgcell sweeps [[resume] ID]",
            tr("what was made of comma lists and of imgcell.sweep(); one of them; `resume` sends what is missing"),
        ),
        ("%imgcell spend [day|provider|model|notebook…]", tr("what it cost, and how that is known")),
        ("%imgcell budget [AMOUNT|off] [session|day|cell] [CURRENCY]", tr("refuse what would cost more than that; show what is left")),
        ("%imgcell unsettled", tr("what may have been charged without bringing a picture")),
        ("%imgcell replay [auto|always|never]", tr("when a cell shows what the library has instead of sending")),
        ("%imgcell resume", tr("send again after requests that ended without an answer")),
        ("%imgcell stop", tr("let go of what goes on in the background")),
        ("%imgcell help", tr("show this help")),
    )
    return "\n".join(
        [
            tr("imgcell in this notebook."),
            "",
            # Below each other: side by side they would be wider than many a notebook.
            *(f"    {line}\n        {about}" for line, about in lines),
            "",
            tr("`%imagine --help` and `%imgedit --help` list their options."),
        ]
    )
