"""Paints the answer to an order: deterministic, legible, and quick (about a tenth of a second for 1024 x 1024).

What is painted depends on the prompt, the model, the seed, the picture's number, the size and the quality, and on the inputs of an
edit, and on nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from imgcell.sandbox.habits import Habit, Truth, habitual, ordered
from imgcell.sandbox.lettering import text_width, wrap, write
from imgcell.sandbox.orders import InputPicture, Order, Refusal
from imgcell.sandbox.scenes import grain, palette_of, scene, starlight
from imgcell.sandbox.subjects import draw_subject, subject_of

__all__ = ["Painted", "inspected", "paint", "paint_partial"]

_MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
#: Detail of the scene, and how many pixels of the picture one painted pixel covers.
_QUALITIES = {
    "low": (0, 12),
    "medium": (1, 2),
    "standard": (1, 2),
    "auto": (1, 1),
    "high": (2, 1),
    "hd": (2, 1),
    "xhigh": (2, 1),
    "max": (2, 1),
}
_BADGES = {"low": (224, 96, 84), "medium": (236, 178, 72), "standard": (236, 178, 72), "auto": (236, 178, 72)}
_MOST_INPUT_PIXELS = 100_000_000
_lock = threading.Lock()
_kept: OrderedDict[str, Painted] = OrderedDict()
_KEPT_BYTES = 96_000_000
_ready: dict[int, Painted] = {}


@dataclass(frozen=True)
class Painted:
    """An encoded picture and what is true of it."""

    data: bytes
    media_type: str
    width: int
    height: int
    transparent: bool = False
    truth: Truth | None = None

    @cached_property
    def base64(self) -> str:
        """The bytes as base64, worked out once."""
        return base64.b64encode(self.data).decode("ascii")


def paint(order: Order, index: int = 0, habit: Habit | None = None) -> Painted:
    """Return picture number *index* of *order*, as a model of such a *habit* paints it.

    Raises:
        Refusal: if an input is no picture, or the mask is no PNG with alpha of the first input's size.
    """
    return _encoded(order, index, None, habit)


def paint_partial(order: Order, step: int, steps: int) -> Painted:
    """Return partial picture *step* of *steps* (from 0): what the final one looks like, rougher the earlier."""
    return _encoded(order, 0, (step, steps))


def _encoded(order: Order, index: int, partial: tuple[int, int] | None, habit: Habit | None = None) -> Painted:
    key = _key(order, index, partial) + (repr(habit) if habit is not None else "")
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    truth = None
    if habit is not None:
        order = ordered(order, habit)
        image, truth = _habitual(order, index, habit)
    else:
        image = _picture(order, index, draft=partial is not None)
    if partial is not None:
        image = _rough(image, *partial)
    painted = _encode(image, order, truth)
    with _lock:
        _kept[key] = painted
        total = sum(len(each.data) for each in _kept.values())
        while total > _KEPT_BYTES and len(_kept) > 1:
            total -= len(_kept.popitem(last=False)[1].data)
    return painted


def _key(order: Order, index: int, partial: tuple[int, int] | None) -> str:
    inputs = [hashlib.sha256(picture.data).hexdigest() for picture in (*order.images, *((order.mask,) if order.mask else ()))]
    parts = (
        order.act, order.model, order.prompt, order.width, order.height, order.quality, order.background, order.picture_format,
        order.compression, order.style, order.seed, order.mask is not None, index, partial, *inputs,
    )  # fmt: skip
    return repr(parts)


def _random_key(order: Order, index: int) -> str:
    return hashlib.sha256(
        "\0".join((order.prompt, order.model, order.seed, order.style, str(index))).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _habitual(order: Order, index: int, habit: Habit) -> tuple[Image.Image, Truth]:
    """Paint as a model of such a *habit* does; *order* is what it understood."""
    key = _random_key(order, index)
    hole = None
    if not order.images:
        image = _picture(order, index, draft=False)
    elif habit.ignores_input:
        width, height = (order.width, order.height) if order.width else _nearest_size(_open(order.images[0]))
        image = _generated(order, key, width, height, draft=False)
    elif order.mask is None and not habit.repaints:
        image = _open(order.images[0])
        if order.width and (order.width, order.height) != image.size:
            image = image.resize((order.width, order.height), Image.Resampling.LANCZOS)
    else:
        image = _picture(order, index, draft=False)
        if order.mask is not None:
            hole = _hole(order.mask, _open(order.images[0]).size).resize(image.size, Image.Resampling.NEAREST)
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if _has_alpha(image) else "RGB")
    return habitual(image, hole, order, habit, key)


def _picture(order: Order, index: int, draft: bool) -> Image.Image:
    key = _random_key(order, index)
    if not order.images:
        return _generated(order, key, order.width, order.height, draft)
    opened = [_open(picture) for picture in order.images]
    first = opened[0]
    if order.mask is not None:
        hole = _hole(order.mask, first.size)
        if order.width and (order.width, order.height) != first.size:
            first = first.resize((order.width, order.height), Image.Resampling.LANCZOS)
            hole = hole.resize(first.size, Image.Resampling.NEAREST)
        return _masked(order, key, first, opened, hole, draft)
    return _edited(order, key, opened, draft)


def _generated(order: Order, key: str, width: int, height: int, draft: bool) -> Image.Image:
    image = _landscape(order, key, width, height, draft)
    if order.background == "transparent":
        image = _sticker(image)
    if not draft:
        _label(image, order)
    return image


def _landscape(order: Order, key: str, width: int, height: int, draft: bool = False) -> Image.Image:
    detail, coarse = _QUALITIES.get(order.quality, (1, 1))
    if draft:
        detail, coarse = 0, 4
    if max(width, height) / coarse > 2048:  # nothing is gained by painting 4K pixel by pixel
        coarse = max(coarse, 2)
    small = (max(8, -(-width // coarse)), max(8, -(-height // coarse)))
    image = scene(order.prompt, key, *small, detail)
    if small != (width, height):
        how = Image.Resampling.NEAREST if order.quality == "low" and not draft else Image.Resampling.BICUBIC
        image = image.resize((width, height), how)
    return grain(image, Random(f"{key}/grain")) if detail == 2 else image


def _sticker(image: Image.Image) -> Image.Image:
    """Cut the scene to a round sticker with a white rim; everything around it is transparent."""
    width, height = image.size
    side = min(width, height)
    outer = Image.new("L", image.size)
    box = ((width - side * 0.92) / 2, (height - side * 0.92) / 2, (width + side * 0.92) / 2, (height + side * 0.92) / 2)
    ImageDraw.Draw(outer).ellipse(box, fill=255)
    inner = Image.new("L", image.size)
    rim = side * 0.018
    ImageDraw.Draw(inner).ellipse((box[0] + rim, box[1] + rim, box[2] - rim, box[3] - rim), fill=255)
    smooth = ImageFilter.BoxBlur(max(0.6, side / 1024))
    outer, inner = outer.filter(smooth), inner.filter(smooth)
    sticker = Image.composite(image, Image.new("RGB", image.size, (252, 250, 246)), inner)
    sticker.putalpha(outer)
    return sticker


def _label(image: Image.Image, order: Order, thumbnails: list[Image.Image] | None = None, *, round_shape: bool = False) -> None:
    """Write the prompt at the foot, the quality at the top right, the model at the top left; show an edit's inputs, numbered."""
    width, height = image.size
    short = min(width, height)
    if short < 48:
        return
    size = max(9, round(short / 27))
    margin = max(3, round(short / 32))
    pad = round(size * 0.75)
    room = width - 2 * margin - 2 * pad
    inset = 0
    if image.mode == "RGBA" or round_shape:  # inside the sticker, or inside a hole that is no rectangle
        inset = round(short * 0.14)
        room = round(short * 0.62)
    rows = wrap(order.prompt, size, room, 4 if short >= 256 else 2)
    line = round(size * 1.42)
    text = max((text_width(row, size) for row in rows), default=0)
    panel_height = line * len(rows) + 2 * pad - round(size * 0.3)
    left = margin if not inset else round((width - text) / 2 - pad)
    top = height - margin - inset - panel_height
    # An edit's first input mostly has words of its own there: bands from edge to edge hide them.
    across = bool(thumbnails) and not inset
    words = (0, top, width, height) if across else (left, top, left + round(text) + 2 * pad, top + panel_height)
    _panel(image, words, 0 if across else round(size * 0.7), across)
    for number, row in enumerate(rows):
        write(image, (left + pad, top + pad - size * 0.04 + number * line), row, size, (255, 255, 255, 255))
    tag = max(8, round(size * 0.66))
    if order.signed:
        _sign(image, order, tag, margin, inset, across)
    if thumbnails:
        _thumbnails(image, thumbnails, margin, top - margin // 2, short, tag)


def _sign(image: Image.Image, order: Order, tag: int, margin: int, inset: int, across: bool) -> None:
    width, height = image.size
    head = margin + round(inset * 0.9)
    badge = order.quality.upper() if order.quality != "auto" else "AUTO"
    wide = round(text_width(badge, tag) + tag * 2.4)
    right = width - margin if not inset else round(width / 2 + wide / 2)
    tags = (0, 0, width, 2 * head + round(tag * 1.9)) if across else (right - wide, head, right, head + round(tag * 1.9))
    _panel(image, tags, 0 if across else round(tag * 0.95), across)
    dot = (right - wide + tag * 0.6, head + tag * 0.62, right - wide + tag * 1.25, head + tag * 1.27)
    ImageDraw.Draw(image).ellipse(dot, fill=_BADGES.get(order.quality, (112, 204, 132)))
    write(image, (right - wide + tag * 1.65, head + tag * 0.36), badge, tag, (255, 255, 255, 255))
    if not inset and min(width, height) >= 200:
        name = f"{order.model}  {width}x{height}"
        if text_width(name, tag) < width - wide - 4 * margin:
            write(image, (margin + 1, head + tag * 0.36 + 1), name, tag, (0, 0, 0))
            write(image, (margin, head + tag * 0.36), name, tag, (255, 255, 255))


def _thumbnails(image: Image.Image, inputs: list[Image.Image], margin: int, bottom: int, short: int, tag: int) -> None:
    side = max(12, min(round(short / 6.5), (image.width - margin) // len(inputs) - margin // 2))
    for number, picture in enumerate(inputs, start=1):
        small = ImageOps.fit(picture.convert("RGBA"), (side, side), Image.Resampling.BILINEAR)
        frame = max(2, side // 32)
        x, y = margin + (number - 1) * (side + margin // 2), bottom - side - 2 * frame
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((x - 1, y - 1, x + side + 2 * frame, y + side + 2 * frame), frame * 2, fill=(250, 248, 244))
        image.paste(small.convert("RGB"), (x + frame, y + frame), small.getchannel("A"))
        round_side = round(tag * 1.7)
        draw.ellipse((x + frame * 2, y + frame * 2, x + frame * 2 + round_side, y + frame * 2 + round_side), fill=(24, 24, 36))
        word = str(number)
        place = (x + frame * 2 + (round_side - text_width(word, tag)) / 2, y + frame * 2 + (round_side - tag * 1.2) / 2)
        write(image, place, word, tag, (255, 255, 255))


def _panel(image: Image.Image, box: tuple[int, int, int, int], radius: int, dense: bool = False) -> None:
    """Darken a rounded box, so that white letters stand on anything."""
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], image.width), min(box[3], image.height)
    if right - left < 2 or bottom - top < 2:
        return
    frosted = image.crop((left, top, right, bottom)).filter(ImageFilter.BoxBlur(max(2, (bottom - top) // 6)))
    mask = Image.new("L", ((right - left) * 2, (bottom - top) * 2))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * 2, fill=255)
    mask = mask.reduce(2)
    dark = Image.new(image.mode, frosted.size, (14, 14, 26) if image.mode == "RGB" else (14, 14, 26, 255))
    image.paste(Image.blend(frosted, dark, 0.95 if dense else 0.6), (left, top), mask)


def _edited(order: Order, key: str, opened: list[Image.Image], draft: bool) -> Image.Image:
    """An edit without a mask: the inputs blended, graded in the colours of the prompt, and shown in their order."""
    first = opened[0]
    size = (order.width, order.height) if order.width else _nearest_size(first)
    clear = order.background == "transparent" or (order.background == "auto" and _has_alpha(first) and order.picture_format != "jpeg")
    fitted = ImageOps.fit(first.convert("RGBA"), size, Image.Resampling.LANCZOS)
    alpha = fitted.getchannel("A")
    base = (
        fitted.convert("RGB")
        if not _has_alpha(first)
        else Image.alpha_composite(Image.new("RGBA", size, (255, 255, 255, 255)), fitted).convert("RGB")
    )
    for number, other in enumerate(opened[1:], start=1):  # from left to right in their order, each melting into the next
        layer = ImageOps.fit(other.convert("RGB"), size, Image.Resampling.BILINEAR)
        edge, soft = 256 * number // len(opened), 256 // (3 * len(opened))
        ramp = (
            Image.linear_gradient("L")
            .rotate(90)
            .point([max(0, min(255, (value - edge + soft) * 255 // (2 * soft))) for value in range(256)])
        )
        base = Image.composite(layer, base, ramp.resize(size, Image.Resampling.BILINEAR))
    palette = palette_of(order.prompt, Random(key))
    light = ImageOps.colorize(base.convert("L"), black=palette.near, mid=palette.sky[1], white=palette.sun)
    strength = {"low": 0.7, "medium": 0.5, "standard": 0.5}.get(order.quality, 0.42) * (0.6 if len(opened) > 1 else 1.0)
    result = Image.blend(base, light, strength)
    if palette.night:
        result = ImageChops.multiply(result, Image.new("RGB", size, (150, 160, 205)))
        starlight(result, key, size[1] * 0.5)
    if subject := subject_of(order.prompt.lower()):
        draw_subject(result, subject, (size[0] * 0.76, size[1] * 0.8), min(size) * 0.42, palette.near, palette.accent, palette.sun, 2)
    if order.quality == "low" and not draft:
        result = result.resize((max(8, size[0] // 12), max(8, size[1] // 12)), Image.Resampling.BOX).resize(size, Image.Resampling.NEAREST)
    if not draft:
        _label(result, order, opened)
    if clear:
        if _has_alpha(first):
            result.putalpha(alpha)
        else:
            result = _sticker(result)
    return result


def _masked(order: Order, key: str, first: Image.Image, opened: list[Image.Image], hole: Image.Image, draft: bool) -> Image.Image:
    """An edit with a mask: every pixel outside the hole is the first input's own, every pixel inside it differs."""
    base = first if first.mode in ("RGB", "RGBA") else first.convert("RGBA" if _has_alpha(first) else "RGB")
    box = hole.getbbox()
    if box is None:
        return base
    left, top, right, bottom = box
    patch = _landscape(order, key, right - left, bottom - top, draft)
    if not draft:
        filled = sum(hole.crop(box).histogram()[1:]) / ((right - left) * (bottom - top))
        _label(patch, order, opened if len(opened) > 1 else None, round_shape=filled < 0.95)
    patch = patch.convert(base.mode)
    inside, cut = base.crop(box), hole.crop(box)
    difference = ImageChops.difference(inside.convert("RGB"), patch.convert("RGB"))
    same = ImageChops.lighter(ImageChops.lighter(difference.getchannel(0), difference.getchannel(1)), difference.getchannel(2))
    same = same.point([255] + [0] * 255)
    if same.getbbox():  # by chance the same colour: one step aside in each band
        flipped = patch.convert("RGB").point([value ^ 1 for value in range(256)] * 3).convert(base.mode)
        patch = Image.composite(flipped, patch, same)
    result = base.copy()
    result.paste(patch, (left, top), cut)
    return result


def _hole(mask: InputPicture, size: tuple[int, int]) -> Image.Image:
    """Return 255 where the mask's alpha is 0 (edit here) and 0 elsewhere."""
    if not mask.data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Refusal("Invalid mask image format - mask must be a PNG file.", param="mask", code="invalid_image_file")
    image = _open(mask)
    if image.size != size:
        message = f"Invalid mask image - mask size ({image.width}x{image.height}) does not match image size ({size[0]}x{size[1]})."
        raise Refusal(message, param="mask", code="invalid_image_mask")
    if not _has_alpha(image):
        raise Refusal("Invalid mask image format - mask image missing alpha channel.", param="mask", code="invalid_image_mask")
    return image.convert("RGBA").getchannel("A").point([255] + [0] * 255)


def _open(picture: InputPicture) -> Image.Image:
    data = picture.data
    known = data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    name = picture.where.partition("[")[0]
    if not known:
        message = (
            f"Invalid file '{picture.where}': unsupported mimetype. Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
        )
        raise Refusal(message, param=name, code="unsupported_file_mimetype")
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height > _MOST_INPUT_PIXELS:
            raise Refusal(f"Invalid file '{picture.where}': the image has too many pixels.", param=name, code="image_too_large")
        image.load()
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal(
            f"Invalid image file or mode for '{picture.where}', please check your image file.", param=name, code="invalid_image_file"
        ) from None


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _nearest_size(image: Image.Image) -> tuple[int, int]:
    """What "auto" means for an edit: the listed size whose shape is nearest the first input's."""
    ratio = image.width / image.height
    return min(((1024, 1024), (1536, 1024), (1024, 1536)), key=lambda size: abs(size[0] / size[1] - ratio))


def _rough(image: Image.Image, step: int, steps: int) -> Image.Image:
    """Soften *image* so that each partial picture is plainly rougher than the next."""
    share = 2 ** (steps - step + 3)
    small = (max(4, image.width // share), max(4, image.height // share))
    image = image.resize(small, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)
    bar = max(2, image.height // 160)
    ImageDraw.Draw(image).rectangle((0, image.height - bar, image.width * (step + 1) // (steps + 1), image.height), fill=(255, 255, 255))
    return image


def _encode(image: Image.Image, order: Order, truth: Truth | None = None) -> Painted:
    out = io.BytesIO()
    name = order.picture_format
    transparent = image.mode == "RGBA"
    if name == "jpeg":
        if transparent:
            image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image).convert("RGB")
            transparent = False
        image.save(out, "JPEG", quality=max(1, min(95, order.compression)))
    elif name == "webp":
        image.save(out, "WEBP", quality=min(order.compression, 90), method=0)
    else:
        image.save(out, "PNG", compress_level=1)
    return Painted(out.getvalue(), _MEDIA[name], image.width, image.height, transparent, truth)


def inspected(data: bytes) -> Painted:
    """Return what is true of a ready picture (its size and type are read from its head, once)."""
    with _lock:
        found = _ready.get(id(data))
    if found is None or found.data is not data:
        with Image.open(io.BytesIO(data)) as image:
            found = Painted(data, Image.MIME[image.format or "PNG"], image.width, image.height, _has_alpha(image))
        with _lock:
            _ready.clear()
            _ready[id(data)] = found
    return found
