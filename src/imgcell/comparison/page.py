"""A comparison as one HTML file: the page of the notebook with its pictures in it; no kernel, no network, nothing to install.

Whatever a prompt or a server says stands in it as JSON text that no parser takes for markup, and a content security policy
lets nothing run but the page's own script, by its digest, and nothing be fetched at all.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import TYPE_CHECKING, Any

from imgcell.comparison.document import document
from imgcell.errors import ImgcellError
from imgcell.language import current as language
from imgcell.language import tr
from imgcell.pictures.boxed import boxed
from imgcell.pictures.preview import Shown, encode, small
from imgcell.static import asset, unbuilt

if TYPE_CHECKING:
    from imgcell.comparison.lineup import Lineup
    from imgcell.pictures.picture import Picture

__all__ = ["html"]

#: Bytes of an original that goes into the page as it is.
_ORIGINAL = 6_000_000
#: Up to this side a page shows the picture itself at once; of larger ones it has a small version to begin with.
_AT_ONCE = 1200


def html(lineup: Lineup, *, side: int | None = 2048) -> str:
    """Return the page.

    Args:
        lineup: What it shows.
        side: Long side in pixels of the pictures in it; larger ones, and originals over 6 MB, are encoded anew (the page says
            so).  ``None``: every original as it is, however large; only where its EXIF says where it was taken is it encoded
            anew.
    """
    pictures = {picture.source.sha256: picture for picture in lineup.pictures}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        files = list(pool.map(lambda picture: _files(picture, side), pictures.values()))
    told: dict[str, Any] = dict(document(lineup))
    told["reduced"] = {sha: list(found[2]) for sha, found in zip(pictures, files, strict=True) if found[2] is not None}
    script, style = asset("compare.js", unbuilt("compare")), asset("compare.css", "") + _AROUND
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    title = lineup.title[:120] or tr("Comparison")
    return "".join(
        [
            f'<!doctype html>\n<html lang="{"zh-CN" if language().startswith("zh") else "en"}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, quote=True)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n',
            f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n",
            f"<noscript><p>{escape(tr('This page needs JavaScript, which it holds itself.'))}</p></noscript>\n",
            f'<script type="application/json" id="imgcell-comparison">{_json(told)}</script>\n',
            *(_file(sha, *found) for sha, found in zip(pictures, files, strict=True)),
            f'<script type="module">{script}</script>\n</body>\n</html>\n',
        ]
    )


_AROUND = "\nhtml{color-scheme:light dark}body{margin:0}@page{margin:12mm}\n"


def _files(picture: Picture, side: int | None) -> tuple[Shown | None, Shown | None, tuple[int, int] | None]:
    """Return the picture, a small version where it is large, and the size that it was reduced to, if it was."""
    facts = picture.facts
    long = max(facts.width, facts.height)
    try:
        fits = side is None or (long <= side and picture.source.size <= _ORIGINAL)
        reduced = None
        if fits and not facts.located:
            whole = Shown(picture.data, facts.media_type)
        else:
            image = small(picture, min(long, side or long))
            whole = encode(image, None, quality=92)
            reduced = image.size if max(image.size) < long else None
        return whole, boxed(picture.source, 512) if long > _AT_ONCE else None, reduced
    except (ImgcellError, OSError):
        # Its place says that it cannot be shown; the others are there.
        return None, None, None


def _file(sha: str, whole: Shown | None, first: Shown | None, _: Any) -> str:
    made = ""
    for kind, shown in (("full", whole), ("small", first)):
        if shown is not None:
            text = binascii.b2a_base64(shown.data, newline=False).decode("ascii")
            made += f'<script type="text/plain" data-sha="{sha}" data-kind="{kind}" data-type="{shown.media_type}">{text}</script>\n'
    return made


def _json(value: Mapping[str, Any]) -> str:
    """Return JSON that can stand in a script element: no character of it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _digest(text: str) -> str:
    return "sha256-" + binascii.b2a_base64(hashlib.sha256(text.encode()).digest(), newline=False).decode("ascii")
