"""What was asked for against what came: count, size, ratio, format, transparency, quality.

What came is measured where it can be (pixels, bytes, how many pictures an answer held) and otherwise what the provider
states; a statement that the picture itself contradicts is kept beside the measurement, never in its place.  What nobody
can tell is ``None``: neither kept nor broken.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imgcell.language import tr

if TYPE_CHECKING:
    from imgcell.pictures.formats import ImageFacts
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.pictures.source import Source

__all__ = ["Point", "background", "broken", "effective", "mark", "name_of", "points", "ratio_text", "said", "seen", "transparency"]

#: How far a ratio may be from the one that was asked for: providers round sides to multiples of 32 (1184x864 for 4:3 is
#: 2.8 % off), and the closest ratios that anybody offers, 5:4 and 4:3, are 6.7 % apart.
RATIO_TOLERANCE = 0.03
#: Share of the pixels that have to be transparent for a background to count as transparent: 0.1 %, a square of 32 pixels
#: in one of 1024.  Fewer are the soft edges that any matting leaves.
TRANSPARENT_SHARE = 0.001
#: Ratios that have a name.
_RATIOS = ("1:1", "5:4", "4:3", "3:2", "16:10", "16:9", "2:1", "21:9", "3:1", "4:5", "3:4", "2:3", "10:16", "9:16", "1:2", "9:21", "1:3")
_PIXELS = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", re.IGNORECASE)
_RATIO = re.compile(r"\s*(\d{1,2}(?:\.\d+)?)\s*[:：]\s*(\d{1,2}(?:\.\d+)?)\s*")
_SHAPES = {"square": "1:1", "方形": "1:1", "landscape": "landscape", "横版": "landscape", "portrait": "portrait", "竖版": "portrait"}
#: In a prompt a pair of numbers is a ratio only where it is one in use and stands at the front (document 000: "横版 16:9 电影画幅")
#: or beside a word that says so; a time of day or a score is none.
_SPOKEN = re.compile(
    r"(?:^\W*(?:横版|竖版|方形|宽屏)?\s*|(?:横版|竖版|画幅|比例|宽高比|aspect(?:\s+ratio)?|ratio|--ar)\s*(?:of|is|为|是)?\s*[:：]?\s*)"
    r"(\d{1,2})\s*[:：]\s*(\d{1,2})(?![\d:：])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Point:
    """One thing that was asked for.

    Attributes:
        name: ``"n"``, ``"size"``, ``"ratio"``, ``"output_format"``, ``"background"`` or ``"quality"``.
        asked: As the user said it; of ``"ratio"``, what size or prompt come to.
        got: What came, or ``None`` if nobody knows.
        met: Whether that is what was asked for; ``None`` if nobody knows.
        basis: How *got* is known: ``"measured"``, ``"stated"`` by the provider, or ``"unknown"``.
    """

    name: str
    asked: str
    got: str | None
    met: bool | None
    basis: Literal["measured", "stated", "unknown"]


def effective(
    stated: Mapping[str, Any], facts: ImageFacts, requested: Mapping[str, Any], *, pictures: int, came: int | None, clear: float | None
) -> dict[str, Any]:
    """Return what a record says of what came (:attr:`Record.effective <imgcell.pictures.record.Record.effective>`).

    Args:
        stated: size, quality, background, … as the answer states them.
        facts: What the bytes are.
        requested: What the user named.
        pictures: How many of the job's pictures the request was for.
        came: How many the answer held; ``None`` if that was not known yet.
        clear: :func:`transparency`, or ``None`` where it was not measured.

    Returns:
        *stated*, corrected by what was measured: ``size``, ``ratio``, ``output_format``, and, where known, ``background``,
        ``transparency`` (share of the pixels, 0 to 1) and ``n`` (how many pictures the job brings if its other requests
        bring what they were for).  What was stated and is not so is in ``stated``, by name.
    """
    measured: dict[str, Any] = {"size": f"{facts.width}x{facts.height}", "output_format": facts.format.lower()}
    if clear is not None:
        measured["background"] = background(clear)
    false = {name: stated[name] for name, value in measured.items() if name in stated and not _same(name, str(stated[name]), value)}
    if clear is not None:
        measured["transparency"] = round(clear, 4)
    if came is not None:
        measured["n"] = int(requested.get("n") or 1) - pictures + came
    return {**stated, **measured, "ratio": ratio_text(facts.width, facts.height), **({"stated": false} if false else {})}


def transparency(source: Source, facts: ImageFacts, requested: Mapping[str, Any] | None = None) -> float | None:
    """Return the share of the pixels (0 to 1) that show more of the ground than of the picture: alpha below 128.

    Args:
        source: The picture's bytes.
        facts: What its header says; without an alpha channel nothing is decoded and the share is 0.
        requested: If given, a picture with an alpha channel is decoded only where a background was asked for.

    Returns:
        The share; ``None`` if it was not looked for or the pixels cannot be read.
    """
    if not facts.alpha:
        return 0.0
    if requested is not None and not _asks(requested.get("background")):
        return None
    from PIL import Image

    try:
        where: Any = source.path if source.path is not None else io.BytesIO(source.read())
        with Image.open(where, formats=(facts.format,)) as opened:
            alpha: Image.Image = opened.convert("RGBA").getchannel("A")
    except Exception:  # noqa: BLE001 - whatever is wrong with its pixels is said when somebody touches them
        return None
    clear: int = sum(alpha.histogram()[:128])
    return clear / (alpha.width * alpha.height)


def points(record: Record, clear: float | None = None) -> tuple[Point, ...]:
    """Return what was asked for of *record*'s picture and what came; nothing where nothing was asked for.

    Args:
        record: As it was made, perhaps by an earlier version.
        clear: :func:`transparency` of the picture, where the record does not say it.
    """
    asked, got = record.requested, record.effective
    wide, high = record.size
    found: list[Point] = []
    wanted = int(asked.get("n") or 1)
    if "n" in got and (wanted != 1 or got["n"] != 1):
        found.append(Point("n", str(wanted), str(got["n"]), got["n"] == wanted, "measured"))
    found += _shape(asked.get("size"), record.prompt, wide, high)
    if _asks(kind := asked.get("output_format")):
        found.append(_compared("output_format", str(kind), record.format.lower() or None, "measured"))
    if _asks(ground := asked.get("background")):
        clear = got.get("transparency", clear)
        if record.format == "JPEG":
            clear = 0.0  # the format has no alpha channel
        if isinstance(clear, (int, float)):
            found.append(_compared("background", str(ground), background(clear), "measured"))
        else:
            found.append(_compared("background", str(ground), _text(got.get("background")), "stated"))
    if _asks(quality := asked.get("quality")):
        found.append(_compared("quality", str(quality), _text(got.get("quality")), "stated"))
    return tuple(found)


def seen(picture: Picture) -> tuple[Point, ...]:
    """Return :func:`points` of *picture*; its pixels are looked at where its record does not say enough."""
    record = picture.record
    if not _asks(record.requested.get("background")) or "transparency" in record.effective:
        return points(record)
    return points(record, _clear(picture))


def broken(record: Record) -> tuple[Point, ...]:
    """Return what came otherwise than it was asked for."""
    return tuple(point for point in points(record) if point.met is False)


def said(point: Point) -> str:
    """Return a point in words, for people: ``"size: 1024x1024 asked for, 1254x1254 came"``."""
    if point.got is None:
        return tr("{name}: {asked} asked for, what came is not known", name=name_of(point.name), asked=point.asked)
    return tr("{name}: {asked} asked for, {got} came", name=name_of(point.name), asked=point.asked, got=point.got)


def mark(record: Record) -> str:
    """Return what stands in one-line captions where something is otherwise than asked for: ``"≠ 1024×1024"``; else ``""``."""
    wrong = broken(record)
    if any(point.name == "size" for point in wrong):
        wrong = tuple(point for point in wrong if point.name != "ratio")  # the size says it
    return "≠ " + " ".join(_short(point) for point in wrong) if wrong else ""


def _short(point: Point) -> str:
    if point.name == "size":  # as captions write it
        return point.asked.replace("x", "×")
    return f"{name_of(point.name)} {point.asked}" if point.name == "n" else point.asked


def name_of(name: str) -> str:
    """Return the name of a point in the user's language."""
    names = {
        "n": tr("count"),
        "size": tr("size"),
        "ratio": tr("ratio"),
        "output_format": tr("format"),
        "background": tr("background"),
        "quality": tr("quality"),
    }
    return names.get(name, name)


def ratio_text(width: int, height: int) -> str:
    """Return width to height as people say it: ``"3:2"``, ``"≈16:9"`` (within 3 %), ``"1.43:1"``; ``""`` for no size."""
    if width <= 0 or height <= 0:
        return ""
    divisor = math.gcd(width, height)
    if f"{width // divisor}:{height // divisor}" in _RATIOS:
        return f"{width // divisor}:{height // divisor}"
    near = min(_RATIOS, key=lambda name: _off(width / height, _value(name)))
    if _off(width / height, _value(near)) <= RATIO_TOLERANCE:
        return f"≈{near}"
    return f"{width / height:.2f}:1" if width >= height else f"1:{height / width:.2f}"


# -- one point ---------------------------------------------------------------------------------------------------


def _shape(size: Any, prompt: str, wide: int, high: int) -> Iterable[Point]:
    """Yield the points of size and ratio."""
    if wide <= 0 or high <= 0:
        return
    text = size.strip() if isinstance(size, str) else ""
    came = f"{wide}x{high}"
    pixels = _PIXELS.fullmatch(text)
    if pixels is not None and int(pixels[1]) and int(pixels[2]):
        right = (int(pixels[1]), int(pixels[2])) == (wide, high)
        yield Point("size", text, came, right, "measured")
        if not right:
            yield _ratio(ratio_text(int(pixels[1]), int(pixels[2])), int(pixels[1]) / int(pixels[2]), wide, high)
    elif (ratio := _RATIO.fullmatch(text)) is not None and float(ratio[1]) and float(ratio[2]):
        yield _ratio(text, float(ratio[1]) / float(ratio[2]), wide, high)
    elif (shape := _SHAPES.get(text.lower())) is not None:
        lying = 1 if wide > high else -1 if wide < high else 0
        met = _off(wide / high, 1.0) <= RATIO_TOLERANCE if shape == "1:1" else lying == (1 if shape == "landscape" else -1)
        yield Point("ratio", text, ratio_text(wide, high), met, "measured")
    elif _asks(text):
        yield Point("size", text, came, None, "measured")  # "2K" and whatever else a provider calls its sizes
    elif (spoken := _SPOKEN.search(prompt)) is not None and f"{int(spoken[1])}:{int(spoken[2])}" in _RATIOS:
        name = f"{int(spoken[1])}:{int(spoken[2])}"
        yield _ratio(name, _value(name), wide, high)


def _ratio(asked: str, value: float, wide: int, high: int) -> Point:
    return Point("ratio", asked, ratio_text(wide, high), _off(wide / high, value) <= RATIO_TOLERANCE, "measured")


def _compared(name: str, asked: str, got: str | None, basis: Literal["measured", "stated"]) -> Point:
    if got is None:
        return Point(name, asked, None, None, "unknown")
    return Point(name, asked, got, _same(name, asked, got), basis)


def _same(name: str, one: str, other: str) -> bool:
    def plain(value: str) -> str:
        value = value.strip().lower()
        if name == "output_format":
            return {"jpg": "jpeg"}.get(value.removeprefix("image/"), value.removeprefix("image/"))
        return value.replace("×", "x") if name == "size" else value

    # A background that the provider was left to choose is neither.
    return plain(one) == plain(other) or plain(one) == "auto"


def _asks(value: Any) -> bool:
    """Whether *value* asks for something: "auto" leaves it to the provider."""
    return isinstance(value, str) and value.strip().lower() not in ("", "auto")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip().lower() not in ("", "auto") else None


def background(clear: float) -> str:
    """Return what a background is called of whose pixels the share *clear* is transparent."""
    return "transparent" if clear >= TRANSPARENT_SHARE else "opaque"


def _value(name: str) -> float:
    wide, _, high = name.partition(":")
    return int(wide) / int(high)


def _off(one: float, other: float) -> float:
    """How far two ratios are from each other, whichever is the larger."""
    return max(one / other, other / one) - 1


#: Shares by digest of the picture, the oldest first.
_looked: dict[str, float | None] = {}


def _clear(picture: Picture) -> float | None:
    digest = picture.source.sha256
    if digest not in _looked:
        _looked[digest] = transparency(picture.source, picture.facts)
        while len(_looked) > 4096:
            _looked.pop(next(iter(_looked)), None)
    return _looked.get(digest)
