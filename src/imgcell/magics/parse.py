"""From the text of a magic's line to checked :class:`Arguments`; errors are one line."""

from __future__ import annotations

import keyword
import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.magics.table import Option, options_for

if TYPE_CHECKING:
    import argparse

__all__ = ["Arguments", "check_name", "parse", "parse_use", "parse_words", "refuse_keys", "split"]


@dataclass(frozen=True)
class Arguments:
    """What a magic's line says; everything still as words, nothing looked up.

    Attributes:
        name: Variable to bind, or ``None``.
        prompt: The prompt before lookups.
        providers, models, sizes, qualities: What was listed; empty if not said.
        images, mask: As typed.
        keep, feather: Whether the rest is put back outside of the mask, and over how many pixels it is mixed.
        n: How many pictures a combination makes.
        fields: ``-o`` in order, as (key, text).
        stream: Partial pictures, or ``None``.
        plan, yes, later, once, again, raw, help: The switches.
    """

    name: str | None = None
    prompt: str = ""
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    mask: str | None = None
    keep: bool = False
    feather: int | None = None
    n: int = 1
    fields: tuple[tuple[str, str], ...] = ()
    stream: int | None = None
    plan: bool = False
    yes: bool = False
    later: bool = False
    once: bool = False
    again: bool = False
    raw: bool = False
    help: bool = False

    @property
    def swept(self) -> bool:
        """Whether several values of anything are listed: every combination is made."""
        return any(len(values) > 1 for values in (self.providers, self.models, self.sizes, self.qualities))

    @property
    def single(self) -> bool:
        """Whether NAME is a Picture: one picture asked for, no list, and not to be waited for later."""
        return self.n == 1 and not self.later and not self.swept


def parse(magic: str, line: str, cell: str | None) -> Arguments:
    """Read the line of ``%%imagine`` or ``%%imgedit``, or their line form.

    In the line form, what follows ``--`` is the prompt; without ``--``, everything from the first word that belongs
    to no option on is, word for word, and there is no NAME.

    Args:
        magic: ``"imagine"`` or ``"imgedit"``.
        line: The rest of the magic's line.
        cell: The body, or ``None`` for the line form.

    Raises:
        InvalidJobError: For anything that cannot be understood, and for a key on the line.
    """
    options = options_for(magic)
    prompt = cell
    if cell is None:
        line, prompt = _part(magic, line, options)
    elif _separator(line) is not None:
        raise InvalidJobError(tr("The prompt of a cell goes below the first line, not behind `--`."), hint=_usage(magic))
    refuse_keys(line, prompt or "")
    words = split(line)
    if "-h" in words or "--help" in words:
        return Arguments(help=True)
    found = vars(_parser(f"%{magic}", options).parse_args(words))
    if found["once"] and found["again"]:
        raise InvalidJobError(tr("--once and --again say the opposite of each other; give one of them."))
    names = found.pop("names")
    if len(names) > 1:
        raise InvalidJobError(
            tr("One NAME is expected on the line, not {words}.", words=" ".join(map(repr, names))),
            hint=joined(tr("The prompt goes on the lines below it."), _usage(magic)),
        )
    name = check_name(names[0]) if names else None
    for option in options:
        if option.kind == "list":
            found[option.dest] = _listed(option, found[option.dest])
    fields = tuple(_pair(text) for text in found.pop("fields"))
    text = (prompt or "").strip("\n")
    if not text.strip():
        raise InvalidJobError(tr("The prompt is empty."), hint=_usage(magic))
    images, mask = tuple(found.pop("images", ())), found.pop("mask", None)
    return Arguments(name=name, prompt=text, fields=fields, images=images, mask=mask, **found)


def parse_use(line: str) -> tuple[str, dict[str, str | None]]:
    """Read ``PROVIDER [--model M] [-s SIZE] [-q QUALITY]`` of ``%imgcell use``; each takes one value.

    Returns:
        The provider's name and the values by ``"model"``, ``"size"`` and ``"quality"`` (``None``: not said).
    """
    names, found = parse_words("use", line)
    if len(names) != 1:
        raise InvalidJobError(tr("`%imgcell use` takes one provider."), hint="%imgcell use PROVIDER [--model MODEL] [-s SIZE] [-q QUALITY]")
    return names[0], {"model": found["models"], "size": found["sizes"], "quality": found["qualities"]}


def parse_words(word: str, line: str) -> tuple[list[str], dict[str, Any]]:
    """Read what stands behind ``%imgcell`` *word*: plain words and its options (:func:`imgcell.magics.table.options_for`).

    Returns:
        The plain words, and the options' values by their ``dest`` (``None``: not said).
    """
    refuse_keys(line)
    found = vars(_parser(f"%imgcell {word}", options_for(word)).parse_args(split(line)))
    return found.pop("names"), found


def split(line: str) -> list[str]:
    """Split *line* into words as a shell does; on Windows a backslash is a letter, since paths are full of them."""
    import shlex

    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise InvalidJobError(
            tr("A quotation mark on the line is never closed: {line}", line=line.strip()),
            hint=tr("Put an apostrophe inside double quotes, or the prompt on the lines below."),
        ) from None


def check_name(name: str) -> str:
    """Return *name* if it can be bound, else raise :class:`InvalidJobError`."""
    if not name.isidentifier():
        raise InvalidJobError(
            tr("{name} is not a name that a variable can have.", name=repr(name)),
            hint=tr("Letters, digits and underscores, not beginning with a digit; the prompt goes on the lines below."),
        )
    if keyword.iskeyword(name):
        raise InvalidJobError(tr("{name} is a word of Python itself.", name=repr(name)), hint=tr("Choose another NAME."))
    if name == "_images":
        raise InvalidJobError(tr("_images is kept for the last sheet."), hint=tr("Choose another NAME."))
    import builtins

    if hasattr(builtins, name) or name in ("_", "__", "___", "In", "Out"):
        raise InvalidJobError(
            tr("{name} already means something in Python, and binding it would hide that.", name=repr(name)),
            hint=tr("Choose another NAME."),
        )
    return name


#: What looks like a key, and words that announce one.
_KEY = re.compile(
    r"(?<![\w-])(?:sk|rk|pk)-[A-Za-z0-9_-]{8,}|\b(?:api[-_]?key|secret|token|authorization)\b\s*[=:]|--?(?:api[-_]?)?key(?:[\s=]|$)|\bbearer\s+\S",
    re.IGNORECASE,
)
#: In a prompt only what can hardly be a word.
_KEY_IN_PROSE = re.compile(r"(?<![\w-])(?:sk|rk|pk)-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}")


def refuse_keys(line: str, prompt: str = "") -> None:
    """Refuse a line with an API key on it: IPython writes it to its history and the notebook keeps it (RELIABILITY.md 4.1)."""
    if _KEY.search(line) or _KEY_IN_PROSE.search(prompt):
        raise InvalidJobError(
            tr("A key does not belong on a magic's line: the notebook and IPython's history file would keep it. Nothing was sent."),
            hint=tr(
                "If this was a real key, replace it at the provider. Set it in the environment before starting Jupyter, "
                "keep it in the keyring, or give it to Client(api_key=getpass.getpass()) and name that client with -p."
            ),
        )


def _part(magic: str, line: str, options: tuple[Option, ...]) -> tuple[str, str]:
    """Part the line form into its options and its prompt."""
    cut = _separator(line)
    if cut is not None:
        return line[: cut[0]], line[cut[1] :].strip()
    takes = {flag: option.kind != "switch" for option in options for flag in option.flags}
    at = 0
    value = False
    for word in re.finditer(r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+|\S+", line):
        text = word.group()
        if value:
            value = False
        elif text in takes:
            value = takes[text]
        elif not (text.startswith("-") and len(text) > 1):
            at = word.start()
            break
        # "-n2", "--size=…" and unknown options stay with the options; the parser says what it thinks of them.
        at = word.end()
    head, prompt = line[:at], line[at:].strip()
    late = next((word for word in prompt.split() if word in takes), None)
    if late is not None:
        raise InvalidJobError(
            tr("{option} stands behind the prompt, and would be drawn rather than obeyed.", option=late),
            hint=tr("Options come first: %{magic} {option} … the prompt. Or put `--` before the prompt.", magic=magic, option=late),
        )
    return head, prompt


def _separator(line: str) -> tuple[int, int] | None:
    found = re.search(r"(?:^|\s)--(?:\s|$)", line)
    return found.span() if found else None


def _usage(magic: str) -> str:
    needed = " -i IMAGE" if magic == "imgedit" else ""
    return tr("`%%{magic} [NAME]{needed} [options]`, the prompt below; `%{magic} --help` lists the options.", magic=magic, needed=needed)


def _parser(command: str, options: tuple[Option, ...]) -> argparse.ArgumentParser:
    import argparse

    flags = [flag for option in options for flag in option.flags]

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            unknown = re.search(r"unrecognized arguments: (\S+)", message)
            if unknown:
                # One letter is near to every other letter.
                near = get_close_matches(unknown.group(1), flags, n=3, cutoff=0.5) if unknown.group(1).startswith("--") else []
                hint = tr("It has {names}.", names=", ".join(flags)) if flags else None
                hint = tr("Did you mean {names}?", names=", ".join(near)) if near else hint
                raise InvalidJobError(tr("{command} has no option {option}.", command=command, option=unknown.group(1)), hint=hint)
            advice = tr("`%imgcell help` says what it takes.") if command.startswith("%imgcell") else tr("`--help` lists the options.")
            raise InvalidJobError(f"{command}: {message}.", hint=advice)

    parser = Parser(prog=command, add_help=False, allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME")
    for option in options:
        settings: dict[str, Any] = {"dest": option.dest}
        if option.kind == "switch":
            settings.update(action="store_true")
        else:
            settings["metavar"] = option.metavar
            if option.kind == "repeat":
                settings.update(action="append", default=[])
            elif option.kind == "number":
                settings.update(type=_number, default=1 if option.dest == "n" else None)
        parser.add_argument(*option.flags, **settings)
    # NAME may stand anywhere, as `%%imagine -n 2 cats` and `%%imagine cats -n 2` both read well.
    parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]  # the same signature, another order
    return parser


def _number(text: str) -> int:
    import argparse

    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(tr("{text} is not a whole number", text=repr(text))) from None


def _listed(option: Option, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    values = [value.strip() for value in text.split(",")]
    if not all(values):
        raise InvalidJobError(tr("{option} {text} has an empty place in its list.", option=option.flags[0], text=repr(text)))
    return tuple(dict.fromkeys(values))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InvalidJobError(tr("-o takes KEY=VALUE, not {text}.", text=repr(text)), hint="-o background=transparent")
    return key.strip(), value
