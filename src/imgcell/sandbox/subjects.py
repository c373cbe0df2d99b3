"""Silhouettes of the things that prompts most often name: a lighthouse, a cat, a balloon, a boat, a tree, a house, a mug."""

from __future__ import annotations

from PIL import Image, ImageDraw

__all__ = ["draw_subject", "subject_of"]

Colour = tuple[int, int, int]
_NAMES = (
    ("lighthouse", ("lighthouse", "灯塔")),
    ("balloon", ("balloon", "气球")),
    ("cat", ("cat", "kitten", "猫")),
    ("boat", ("boat", "ship", "sail", "船", "帆")),
    ("mug", ("mug", "cup", "coffee", "tea", "杯", "茶", "咖啡")),
    ("house", ("house", "cottage", "cabin", "房", "屋", "小镇")),
    ("tree", ("tree", "forest", "树", "林", "竹")),
)


def subject_of(words: str) -> str | None:
    """Return the first thing named in the lower-case *words* that can be drawn."""
    import re

    for subject, names in _NAMES:
        for name in names:
            if (re.search(rf"\b{name}", words) if name.isascii() else name in words) and not (
                subject == "cat" and re.search(r"\bcat[ace]", words)
            ):
                return subject
    return None


def draw_subject(
    image: Image.Image, subject: str, foot: tuple[float, float], size: float, dark: Colour, accent: Colour, light: Colour, smooth: int
) -> None:
    """Draw *subject*, *size* pixels high, standing on *foot*, anti-aliased *smooth* times over."""
    side = max(8, round(size))
    scale = smooth * 2
    canvas = Image.new("RGBA", (side * scale, side * scale))
    _DRAWERS[subject](ImageDraw.Draw(canvas, "RGBA"), side * scale, dark, accent, light)
    canvas = canvas.reduce(scale)
    raised = size * 0.55 if subject == "balloon" else 0
    image.paste(canvas.convert("RGB"), (round(foot[0] - side / 2), round(foot[1] - side - raised)), canvas.getchannel("A"))


def _over(under: Colour, tint: Colour, share: float) -> Colour:
    """Mix a shade: drawing on a transparent canvas replaces what is there, so that shadows are mixed beforehand."""
    return tuple(round(a + (b - a) * share) for a, b in zip(under, tint, strict=True))  # type: ignore[return-value]  # three numbers


def _lighthouse(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    for side in (-1, 1):  # two beams
        draw.polygon([(50 * u, 21 * u), (50 * u + side * 50 * u, 8 * u), (50 * u + side * 50 * u, 26 * u)], fill=(*light, 70))
    draw.polygon([(18 * u, 100 * u), (30 * u, 91 * u), (70 * u, 90 * u), (84 * u, 100 * u)], fill=dark)
    white = (244, 240, 232)
    draw.polygon([(43 * u, 30 * u), (57 * u, 30 * u), (62 * u, 93 * u), (38 * u, 93 * u)], fill=white)
    for low, high in ((36, 46), (57, 67), (78, 88)):
        left_low, left_high = 43 - (low - 30) * 5 / 63, 43 - (high - 30) * 5 / 63
        draw.polygon(
            [(left_low * u, low * u), ((100 - left_low) * u, low * u), ((100 - left_high) * u, high * u), (left_high * u, high * u)],
            fill=(196, 58, 54),
        )
    draw.rectangle((40 * u, 27 * u, 60 * u, 30 * u), fill=dark)
    draw.rectangle((44 * u, 16 * u, 56 * u, 27 * u), fill=light)
    for bar in (44, 50, 55):
        draw.rectangle((bar * u, 16 * u, (bar + 1) * u, 27 * u), fill=dark)
    draw.polygon([(42 * u, 16 * u), (50 * u, 7 * u), (58 * u, 16 * u)], fill=(150, 40, 42))


def _balloon(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.ellipse((18 * u, 2 * u, 82 * u, 66 * u), fill=accent)
    draw.polygon([(23 * u, 50 * u), (77 * u, 50 * u), (57 * u, 79 * u), (43 * u, 79 * u)], fill=accent)
    draw.ellipse((31 * u, 2 * u, 69 * u, 66 * u), fill=light)
    draw.polygon([(33 * u, 50 * u), (67 * u, 50 * u), (54 * u, 79 * u), (46 * u, 79 * u)], fill=light)
    draw.ellipse((42 * u, 2 * u, 58 * u, 66 * u), fill=accent)
    draw.polygon([(43 * u, 50 * u), (57 * u, 50 * u), (52 * u, 79 * u), (48 * u, 79 * u)], fill=accent)
    for x in (44, 56):
        draw.line((x * u, 79 * u, (46 if x < 50 else 54) * u, 89 * u), fill=dark, width=max(1, round(u * 0.7)))
    draw.rounded_rectangle((44 * u, 88 * u, 56 * u, 98 * u), 2 * u, fill=(112, 70, 42))


def _cat(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.arc((58 * u, 40 * u, 92 * u, 98 * u), 300, 100, fill=dark, width=round(6 * u))
    draw.ellipse((28 * u, 42 * u, 74 * u, 112 * u), fill=dark)
    draw.ellipse((30 * u, 18 * u, 68 * u, 52 * u), fill=dark)
    draw.polygon([(31 * u, 32 * u), (31 * u, 8 * u), (46 * u, 20 * u)], fill=dark)
    draw.polygon([(67 * u, 32 * u), (67 * u, 8 * u), (52 * u, 20 * u)], fill=dark)
    draw.polygon([(34 * u, 24 * u), (34 * u, 14 * u), (41 * u, 20 * u)], fill=accent)
    draw.polygon([(64 * u, 24 * u), (64 * u, 14 * u), (57 * u, 20 * u)], fill=accent)
    for x in (41, 57):
        draw.ellipse(((x - 4) * u, 30 * u, (x + 4) * u, 38 * u), fill=light)
        draw.ellipse(((x - 1.2) * u, 30.5 * u, (x + 1.2) * u, 37.5 * u), fill=(20, 20, 30))
    draw.polygon([(47 * u, 41 * u), (51 * u, 41 * u), (49 * u, 43.4 * u)], fill=accent)


def _boat(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.rectangle((49 * u, 14 * u, 51 * u, 80 * u), fill=dark)
    draw.polygon([(52 * u, 16 * u), (52 * u, 74 * u), (86 * u, 72 * u)], fill=(246, 242, 232))
    draw.polygon([(48 * u, 24 * u), (48 * u, 74 * u), (22 * u, 73 * u)], fill=accent)
    draw.polygon([(12 * u, 79 * u), (90 * u, 79 * u), (78 * u, 94 * u), (26 * u, 94 * u)], fill=dark)


def _mug(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.ellipse((14 * u, 88 * u, 92 * u, 100 * u), fill=(*dark, 110))
    draw.ellipse((62 * u, 48 * u, 92 * u, 82 * u), outline=(236, 232, 224), width=round(6 * u))
    draw.rounded_rectangle((22 * u, 40 * u, 74 * u, 95 * u), 9 * u, fill=(246, 243, 236))
    draw.rounded_rectangle((58 * u, 40 * u, 74 * u, 95 * u), 9 * u, fill=_over((246, 243, 236), dark, 0.14))
    draw.ellipse((22 * u, 34 * u, 74 * u, 47 * u), fill=(226, 221, 210))
    draw.ellipse((26 * u, 36 * u, 70 * u, 46 * u), fill=(92, 58, 38))
    for x in (38, 52):
        draw.arc((x * u, 6 * u, (x + 8) * u, 20 * u), 90, 270, fill=(*light, 170), width=round(2 * u))
        draw.arc((x * u, 20 * u, (x + 8) * u, 34 * u), 270, 90, fill=(*light, 170), width=round(2 * u))


def _house(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.rectangle((66 * u, 36 * u, 75 * u, 60 * u), fill=dark)
    draw.rectangle((22 * u, 58 * u, 80 * u, 100 * u), fill=(236, 226, 208))
    draw.rectangle((56 * u, 58 * u, 80 * u, 100 * u), fill=_over((236, 226, 208), dark, 0.2))
    draw.polygon([(14 * u, 60 * u), (51 * u, 30 * u), (88 * u, 60 * u)], fill=accent)
    for x in (29, 61):
        draw.rectangle((x * u, 68 * u, (x + 12) * u, 80 * u), fill=light)
    draw.rectangle((45 * u, 74 * u, 57 * u, 100 * u), fill=dark)


def _tree(draw: ImageDraw.ImageDraw, unit: int, dark: Colour, accent: Colour, light: Colour) -> None:
    u = unit / 100
    draw.rectangle((47 * u, 84 * u, 53 * u, 100 * u), fill=(66, 44, 36))
    for top, half, low in ((2, 18, 38), (22, 25, 62), (44, 32, 88)):
        draw.polygon([(50 * u, top * u), ((50 - half) * u, low * u), ((50 + half) * u, low * u)], fill=dark)
        draw.polygon([(50 * u, top * u), (50 * u, low * u), ((50 + half) * u, low * u)], fill=_over(dark, light, 0.12))


_DRAWERS = {"lighthouse": _lighthouse, "balloon": _balloon, "cat": _cat, "boat": _boat, "mug": _mug, "house": _house, "tree": _tree}
