"""``%imgcell history``, ``star``, ``tag``, ``note``, ``delete``, ``undo``: what was made, looked through and put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import listed, tr
from imgcell.magics.lookup import image
from imgcell.magics.parse import parse_words, split
from imgcell.magics.session import session

if TYPE_CHECKING:
    from imgcell.pictures import Picture, Sheet

__all__ = ["delete", "history", "note", "star", "tag", "undo"]

#: Pictures that the grid shows where the line does not say how many.
_SHOWN = 24


def history(ipython: Any, rest: str) -> None:
    """Show a grid of the library's pictures, the newest first, and bind it to ``_images``."""
    import imgcell

    words, values = parse_words("history", rest)
    limit = values.pop("limit")
    since = values.pop("since")
    if limit is not None and limit < 1:
        raise InvalidJobError(tr("-n takes a number from 1 on, not {count}.", count=limit))
    chosen = {"provider": values["providers"], "model": values["models"], "rating": values["rating"], "tag": values["tag"]}
    sheet = imgcell.history(
        " ".join(words) or None,
        **chosen,
        notebook=values["notebook"],
        since=since,
        limit=_SHOWN if limit is None else limit,
    )
    if not len(sheet):
        asked = bool(words) or since is not None or any(value is not None for value in values.values())
        print(tr("The library has no such picture.") if asked else tr("The library is empty."))
        return
    ipython.user_ns["_images"] = sheet
    from IPython.display import display

    display({**_numbered(sheet)._repr_mimebundle_(), "text/plain": repr(sheet)}, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here
    print(tr("Now in _images: `%%imgedit -i _images[0]` edits the first, `_images[0].record` says how it was made."))


def _numbered(sheet: Sheet) -> Sheet:
    """Return *sheet* with what picks a picture out of it in its caption too; the text has it anyway."""
    labels = [f"[{number}] {label}" for number, label in enumerate(sheet.labels)]
    return type(sheet)(sheet, errors=sheet.errors, labels=labels, running=False)


def star(ipython: Any, rest: str) -> None:
    """``%imgcell star IMAGE [0-5]``: give stars; five where none are said, 0 takes them away."""
    words = split(rest)
    given = words.pop() if len(words) > 1 else "5"
    if given not in ("0", "1", "2", "3", "4", "5"):
        raise InvalidJobError(tr("Stars are a number from 0 to 5, not {text}.", text=repr(given)), hint="%imgcell star IMAGE 4")
    found = _pictures("star", words, ipython.user_ns)
    for picture in found:
        _library().annotate(picture.record.id, rating=int(given))
    print(tr("{stars} · pictures: {count}", stars="★" * int(given) or "☆", count=len(found)))


def tag(ipython: Any, rest: str) -> None:
    """``%imgcell tag IMAGE [WORD…]``: add tags, take away those with a minus before them, and say which there are."""
    words = split(rest)
    found = _pictures("tag", words[:1], ipython.user_ns)
    for picture in found:
        tags = list(_library().annotation(picture.record.id).tags)
        for word in words[1:]:
            if word.startswith("-"):
                tags = [kept for kept in tags if kept != word[1:]]
            elif word not in tags:
                tags.append(word)
        if len(words) > 1:
            _library().annotate(picture.record.id, tags=tags)
        print(tr("{picture}: {tags}", picture=picture.record.id, tags=listed(*tags) or tr("no tags")))


def note(ipython: Any, rest: str) -> None:
    """``%imgcell note IMAGE [TEXT]``: write a note beside a picture, or read it."""
    name, _, text = rest.strip().partition(" ")
    for picture in _pictures("note", split(name), ipython.user_ns):
        if text.strip():
            _library().annotate(picture.record.id, note=text.strip())
        said = _library().annotation(picture.record.id).note
        print(tr("{picture}: {note}", picture=picture.record.id, note=said or tr("no note")))


def delete(ipython: Any, rest: str) -> None:
    """``%imgcell delete IMAGE…``: move pictures to the library's trash."""
    found = _pictures("delete", split(rest), ipython.user_ns)
    gone = tuple(picture.record.id for picture in found)
    for name in gone:
        _library().delete(name)
    session.deleted.append(gone)
    print(tr("Pictures moved to the trash: {count}. `%imgcell undo` brings them back; after 30 days they may be gone.", count=len(gone)))


def undo() -> None:
    """``%imgcell undo``: bring back what the last ``delete`` took away."""
    if not session.deleted:
        print(tr("Nothing was deleted in this kernel. imgcell.library().trash() lists what is in the trash."))
        return
    names = session.deleted[-1]
    for name in names:
        _library().restore(name)
    session.deleted.pop()
    print(tr("Pictures brought back: {count}.", count=len(names)))


def _pictures(word: str, texts: list[str], names: Mapping[str, Any]) -> list[Picture]:
    """Return the library's pictures that *texts* name: ids or variables.

    Raises:
        InvalidJobError: One of them is no picture of the library, or there is none.
    """
    from imgcell.pictures import Picture

    if not texts:
        raise InvalidJobError(tr("`%imgcell {word}` takes a picture: its id or a variable.", word=word))
    found = []
    for text in texts:
        for one in image(text, names):
            if not isinstance(one, Picture) or not one.record.id:
                raise InvalidJobError(
                    tr("{text} is no picture of the library.", text=text), hint=tr("`%imgcell history` shows what is in it.")
                )
            found.append(one)
    return found


def _library() -> Any:
    import imgcell

    return imgcell.library()
