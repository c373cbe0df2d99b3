"""Composes the landscape behind a prompt: palette, horizon, sun or moon, hills, sea or skyline, and a subject the prompt names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from imgcell.sandbox.subjects import draw_subject, subject_of

__all__ = ["Palette", "grain", "palette_of", "scene", "starlight"]

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours of a scene, from far to near."""

    name: str
    sky: tuple[Colour, ...]
    sun: Colour
    far: Colour
    near: Colour
    accent: Colour
    night: bool = False


_PALETTES = {
    palette.name: palette
    for palette in (
        Palette(
            "dusk",
            ((38, 32, 84), (128, 62, 118), (238, 122, 92), (255, 205, 138)),
            (255, 236, 190),
            (150, 84, 120),
            (28, 22, 52),
            (255, 150, 96),
        ),
        Palette(
            "dawn",
            ((112, 160, 214), (190, 200, 226), (255, 214, 196), (255, 238, 214)),
            (255, 250, 232),
            (150, 164, 196),
            (44, 66, 98),
            (238, 130, 110),
        ),
        Palette(
            "day",
            ((44, 124, 204), (108, 178, 232), (186, 222, 242), (236, 246, 246)),
            (255, 252, 226),
            (122, 172, 188),
            (26, 86, 84),
            (240, 150, 70),
        ),
        Palette(
            "night",
            ((6, 10, 34), (16, 28, 72), (40, 60, 116), (84, 100, 150)),
            (250, 246, 224),
            (42, 56, 100),
            (5, 9, 26),
            (255, 214, 120),
            True,
        ),
        Palette(
            "neon",
            ((10, 6, 32), (54, 14, 88), (150, 28, 122), (255, 88, 120)),
            (255, 190, 120),
            (74, 24, 104),
            (8, 6, 26),
            (64, 226, 236),
            True,
        ),
        Palette(
            "mint",
            ((28, 92, 104), (76, 152, 146), (168, 212, 184), (244, 240, 206)),
            (255, 248, 216),
            (94, 152, 140),
            (14, 52, 58),
            (236, 132, 92),
        ),
        Palette(
            "autumn",
            ((92, 70, 100), (196, 118, 96), (244, 178, 104), (255, 228, 168)),
            (255, 244, 208),
            (182, 106, 84),
            (62, 26, 36),
            (226, 84, 50),
        ),
        Palette(
            "snow",
            ((112, 146, 184), (170, 196, 220), (220, 232, 242), (248, 248, 250)),
            (255, 255, 246),
            (186, 206, 224),
            (70, 104, 138),
            (206, 84, 84),
        ),
    )
}
_MOODS = (
    (("neon", "cyber", "赛博", "霓虹"), "neon"),
    (("night", "夜", "star", "星", "moon", "月", "space", "太空", "midnight"), "night"),
    (("sunset", "dusk", "黄昏", "日落", "夕阳", "evening", "傍晚"), "dusk"),
    (("sunrise", "dawn", "morning", "清晨", "日出", "朝"), "dawn"),
    (("snow", "winter", "ice", "雪", "冬", "冰"), "snow"),
    (("autumn", "fall ", "maple", "秋", "枫"), "autumn"),
    (("forest", "green", "mint", "森林", "绿", "竹"), "mint"),
    (("day", "noon", "sunny", "晴", "白天", "beach", "沙滩"), "day"),
)
_SEA = ("sea", "ocean", "lake", "beach", "harbour", "harbor", "boat", "lighthouse", "海", "湖", "灯塔", "船", "水", "江", "河")
_CITY = ("city", "skyline", "town", "street", "cyber", "城", "街", "都市", "赛博", "建筑")
_HILLS = ("mountain", "hill", "valley", "forest", "山", "谷", "林", "tree", "树")


def palette_of(prompt: str, dice: Random) -> Palette:
    """Return the palette of the mood that *prompt* names, else one by chance."""
    chosen = list(_PALETTES.values())[int(dice.random() * len(_PALETTES))]
    words = prompt.lower()
    for names, mood in _MOODS:
        if any(name in words for name in names):
            return _PALETTES[mood]
    return chosen


def scene(prompt: str, key: str, width: int, height: int, detail: int) -> Image.Image:
    """Return an RGB landscape for *prompt*.

    Args:
        prompt: Words that may name a mood, a place and a subject.
        key: Where chance comes from; the same key makes the same composition at every size and detail.
        width: Pixels across.
        height: Pixels down.
        detail: 0 (bare shapes) to 2 (stars, glints, windows, birds, anti-aliased twice over).
    """
    dice = Random(key)
    palette = palette_of(prompt, dice)
    words = prompt.lower()
    kind = ("sea", "city", "hills")[int(dice.random() * 3)]
    for named, place in ((_CITY, "city"), (_SEA, "sea"), (_HILLS, "hills")):
        if any(name in words for name in named):
            kind = place
            break
    else:
        kind = {"house": "hills", "tree": "hills", "cat": "hills", "balloon": "hills", "mug": "table"}.get(subject_of(words) or "", kind)
    horizon = height * (0.58 + 0.08 * dice.random())
    image = _gradient(palette.sky, width, height, round(horizon))
    sun = (width * (0.24 + 0.52 * dice.random()), horizon - height * (0.06 + 0.26 * dice.random()))
    radius = min(width, height) * (0.055 + 0.03 * dice.random())
    if palette.night and detail:
        _stars(image, Random(f"{key}/stars"), horizon, 60 + 160 * detail)
    _glow(image, sun, radius, palette)
    if detail:
        _clouds(image, Random(f"{key}/clouds"), palette, horizon, 2 + 2 * detail)
    layers = 2 + detail
    subject = subject_of(words)
    spot = (width * (0.72 if sun[0] < width / 2 else 0.28), height * (0.90 if kind == "sea" else 0.80))

    def stand() -> None:
        if subject:
            draw_subject(image, subject, spot, min(width, height) * 0.42, palette.near, palette.accent, palette.sun, 2 if detail else 1)

    if kind == "sea":
        _hills(image, f"{key}/far", palette, horizon, 2, 0.05, 0.0, detail)
        _sea(image, Random(f"{key}/sea"), palette, horizon, sun, detail)
        stand()  # behind the near shore
        _hills(image, f"{key}/shore", palette, height * 0.93, 1, 0.07, 1.0, detail)
    elif kind == "table":
        _table(image, palette, round(height * 0.7))
    elif kind == "city":
        _hills(image, f"{key}/hills", palette, horizon + height * 0.02, 1, 0.08, 0.0, detail)
        for layer in range(layers - 1):
            _skyline(image, f"{key}/towers{layer}", palette, horizon + height * 0.05 * layer, layer / max(layers - 2, 1), detail)
        _sea(image, Random(f"{key}/sea"), palette, horizon + height * 0.16, sun, detail)
    else:
        _hills(image, f"{key}/hills", palette, horizon + height * 0.34, layers + 1, 0.16, 1.0, detail, first=horizon)
    if detail == 2 and not palette.night:
        _birds(image, Random(f"{key}/birds"), palette, horizon)
    if kind != "sea":
        stand()
    return image


def _gradient(stops: tuple[Colour, ...], width: int, height: int, bottom: int) -> Image.Image:
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(stops)
    sky = column.resize((1, max(bottom, 2)), Image.Resampling.BICUBIC)
    whole = Image.new("RGB", (1, height), sky.getpixel((0, sky.height - 1)))
    whole.paste(sky, (0, 0))
    return whole.resize((width, height), Image.Resampling.NEAREST)


@lru_cache(maxsize=8)
def _radial(side: int) -> Image.Image:
    """Light falling off from the middle, squared so that it has no edge (Pillow's gradient is 180 where the circle touches the sides)."""
    return (
        Image.radial_gradient("L")
        .resize((side, side), Image.Resampling.BILINEAR)
        .point([round(max(0, 255 - value * 1.42) ** 2 / 255) for value in range(256)])
    )


def _glow(image: Image.Image, centre: tuple[float, float], radius: float, palette: Palette) -> None:
    side = max(8, round(radius * 11))
    halo = _radial(side).point([round(value * (0.55 if palette.night else 0.8)) for value in range(256)])
    corner = (round(centre[0] - side / 2), round(centre[1] - side / 2))
    image.paste(palette.sun, (*corner, corner[0] + side, corner[1] + side), halo)
    disc = max(4, round(radius * 2))
    mask = Image.new("L", (disc * 4, disc * 4))
    ImageDraw.Draw(mask).ellipse((0, 0, disc * 4 - 1, disc * 4 - 1), fill=255)
    if palette.name == "night":  # a crescent
        ImageDraw.Draw(mask).ellipse((disc * 1.2, -disc * 0.5, disc * 4.8, disc * 3.1), fill=0)
    mask = mask.reduce(4)
    corner = (round(centre[0] - disc / 2), round(centre[1] - disc / 2))
    image.paste(palette.sun, (*corner, corner[0] + disc, corner[1] + disc), mask)


def _stars(image: Image.Image, dice: Random, horizon: float, count: int) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(count):
        x, y = dice.random() * image.width, dice.random() ** 1.4 * horizon
        size = (0.4 + dice.random() ** 3 * 1.6) * min(image.size) / 1024
        light = 90 + int(dice.random() * 165)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(255, 250, 235, light))


def _clouds(image: Image.Image, dice: Random, palette: Palette, horizon: float, count: int) -> None:
    """Long soft streaks, painted small and scaled up."""
    small = (max(2, image.width // 4), max(2, int(horizon) // 4))
    mask = Image.new("L", small)
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x, y = dice.random() * small[0], small[1] * (0.15 + 0.6 * dice.random())
        for _ in range(5):
            along, up = (dice.random() - 0.5) * small[0] * 0.24, (dice.random() - 0.5) * small[1] * 0.05
            length, thick = small[0] * (0.05 + 0.11 * dice.random()), max(0.6, small[1] * 0.018)
            draw.ellipse((x + along - length, y + up - thick, x + along + length, y + up + thick), fill=46 + int(dice.random() * 50))
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, small[1] * 0.012))).resize(
        (image.width, max(int(horizon), 1)), Image.Resampling.BICUBIC
    )
    tint: Colour = tuple((a + 2 * b) // 3 for a, b in zip(palette.sun, palette.sky[-1], strict=True))  # type: ignore[assignment]  # three numbers
    image.paste(tint, (0, 0, image.width, mask.height), mask)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    share = max(0.0, min(1.0, share))
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]  # three numbers


def _paste_shape(image: Image.Image, points: list[tuple[float, float]], colour: Colour, foot: Colour, detail: int) -> None:
    """Fill the polygon *points* with a gradient from *colour* (top) to *foot* (mist at its foot)."""
    top = max(0, int(min(y for _, y in points)) - 1)
    if top >= image.height:
        return
    scale = 2 if detail == 2 else 1
    rows = image.height - top
    mask = Image.new("L", (image.width * scale, rows * scale))
    ImageDraw.Draw(mask).polygon([(x * scale, (y - top) * scale) for x, y in points], fill=255)
    if scale == 2:
        mask = mask.reduce(2)
    shade = Image.new("RGB", (1, 2))
    shade.putdata((colour, foot))
    image.paste(shade.resize((1, rows), Image.Resampling.BILINEAR).resize((image.width, rows)), (0, top), mask)


def _hills(
    image: Image.Image,
    key: str,
    palette: Palette,
    base: float,
    layers: int,
    rise: float,
    share: float,
    detail: int,
    first: float | None = None,
) -> None:
    """Ranges one behind the other, from *first* (far) down to *base* (near)."""
    width, height = image.size
    step = max(2, width // (90 * (detail + 1)))
    for layer in range(layers):
        dice = Random(f"{key}{layer}")
        nearness = (layer + 1) / layers if layers > 1 else share
        level = base if first is None else first + (base - first) * (layer / max(layers - 1, 1)) * 0.82
        waves = [(dice.random() * 6.28, (1.1 + 1.7 * dice.random()) * 2**octave, 0.52**octave) for octave in range(2 + 2 * (detail + 1))]
        tall = height * rise * (1.0 - 0.25 * nearness)
        points: list[tuple[float, float]] = [(0.0, height)]
        for x in range(0, width + step, step):
            lift = sum(size * math.sin(phase + x / width * 6.28 * pace) for phase, pace, size in waves)
            points.append((x, level - tall * (0.35 + 0.42 * lift)))
        points.append((width, height))
        shadow = nearness * (share if layers > 1 and first is None else 1.0)
        colour = _mixed(palette.far, palette.near, shadow)
        _paste_shape(image, points, colour, _mixed(colour, palette.far if shadow < 0.9 else palette.near, 0.45), detail)


def _sea(image: Image.Image, dice: Random, palette: Palette, horizon: float, sun: tuple[float, float], detail: int) -> None:
    """Water mirrors the sky upside down, darker, with a path of light under the sun."""
    width, height = image.size
    top = min(round(horizon), height - 2)
    rows = height - top
    mirror = _gradient(tuple(_mixed(colour, palette.sky[1], 0.4) for colour in reversed(palette.sky)), width, rows, rows)
    deep = Image.new("RGB", mirror.size, palette.near)
    mirror = Image.blend(mirror, deep, 0.28)
    image.paste(mirror, (0, top))
    if not detail:
        return
    overlay = ImageDraw.Draw(image, "RGBA")
    for _ in range(90 * detail):
        depth = dice.random() ** 1.6
        y = top + depth * rows
        spread = width * (0.02 + 0.13 * depth)
        x = sun[0] + (dice.random() + dice.random() + dice.random() - 1.5) * spread * 1.3
        length = width * (0.006 + 0.03 * depth * dice.random())
        thick = max(1.0, rows * 0.0035 * (0.4 + depth))
        overlay.rounded_rectangle(
            (x - length, y, x + length, y + thick), thick / 2, fill=(*palette.sun, 40 + int(120 * (1 - depth * 0.6) * dice.random()))
        )
    for _ in range(50 * detail):
        depth = dice.random()
        x, y, length = dice.random() * width, top + depth * rows, width * (0.01 + 0.05 * depth)
        overlay.line(
            (x, y, x + length, y), fill=(*palette.sky[-1], 16 + int(26 * dice.random())), width=max(1, round(rows * 0.003 * (0.5 + depth)))
        )


def _table(image: Image.Image, palette: Palette, top: int) -> None:
    """A table in a studio: a lit plane with a soft edge."""
    light, shade = _mixed(palette.sky[-1], palette.sun, 0.6), _mixed(palette.sky[-1], palette.near, 0.35)
    image.paste(_gradient((light, shade), image.width, image.height - top, image.height - top), (0, top))


def _skyline(image: Image.Image, key: str, palette: Palette, foot: float, nearness: float, detail: int) -> None:
    """Towers with lit windows."""
    dice, lamps = Random(key), Random(f"{key}/lamps")
    width, height = image.size
    draw = ImageDraw.Draw(image, "RGBA")
    colour = _mixed(palette.far, palette.near, 0.25 + 0.65 * nearness)
    x = -width * 0.02
    while x < width:
        across = width * (0.03 + 0.045 * dice.random())
        tall = height * (0.10 + 0.24 * dice.random() ** 1.5) * (1.1 - 0.35 * nearness)
        left, top, right = round(x), round(foot - tall), round(x + across)
        draw.rectangle((left, top, right, height), fill=(*colour, 255))
        if dice.random() < 0.3:
            draw.line(((left + right) // 2, top - tall * 0.16, (left + right) // 2, top), fill=(*colour, 255), width=max(1, width // 400))
        if detail:
            cell = max(4, round(width / 110))
            for row in range(top + cell, round(foot + height * 0.12), cell):
                for column in range(left + cell // 2, right - cell // 2, cell):
                    if lamps.random() < 0.30:
                        glow = palette.accent if lamps.random() < 0.25 else palette.sun
                        draw.rectangle((column, row, column + cell * 0.42, row + cell * 0.5), fill=(*glow, 70 + int(150 * nearness)))
        x += across * (0.92 + 0.5 * dice.random())


def _birds(image: Image.Image, dice: Random, palette: Palette, horizon: float) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    unit = min(image.size) / 1024
    x, y = image.width * (0.2 + 0.5 * dice.random()), horizon * (0.25 + 0.2 * dice.random())
    for _ in range(5):
        bx, by, wing = x + (dice.random() - 0.5) * 190 * unit, y + (dice.random() - 0.5) * 90 * unit, (9 + 8 * dice.random()) * unit
        for side in (-1, 1):
            box = (min(bx, bx + side * 2 * wing), by, max(bx, bx + side * 2 * wing), by + wing * 1.4)
            draw.arc(box, 200, 340, fill=(*palette.near, 210), width=max(1, round(2.4 * unit)))


def starlight(image: Image.Image, key: str, horizon: float) -> None:
    """Strew stars over the upper part of *image*, down to *horizon*."""
    _stars(image, Random(f"{key}/stars"), horizon, 220)


def grain(image: Image.Image, dice: Random) -> Image.Image:
    """Return *image* with the fine grain of a high-quality rendering (which also gives the file a photograph's weight)."""
    side = 256
    noise = Image.frombytes("L", (side, side), dice.randbytes(side * side)).point([123 + value * 10 // 255 for value in range(256)])
    sheet = Image.new("L", image.size)
    for y in range(0, image.height, side):
        for x in range(0, image.width, side):
            sheet.paste(noise, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (sheet, sheet, sheet)), 1, -128)
