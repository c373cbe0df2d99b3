"""The painter: the same order makes the same bytes; size, format, quality, transparency and masks are honoured."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from imgcell.sandbox import lettering, painter
from imgcell.sandbox.orders import InputPicture, Order


def _paint(fresh=True, index=0, **changes):
    if fresh:
        painter._kept.clear()
    order = Order(**{"act": "generate", "model": "gpt-image-2", "prompt": "灯塔 lighthouse", "width": 320, "height": 256, **changes})
    return painter.paint(order, index)


def _image(painted):
    return Image.open(io.BytesIO(painted.data))


def test_the_same_order_makes_the_same_bytes():
    """Painting twice, without the cache, gives identical files."""
    assert _paint(quality="high").data == _paint(quality="high").data


@pytest.mark.parametrize(
    "change", [{"prompt": "another"}, {"seed": "2"}, {"model": "dall-e-3"}, {"quality": "low"}, {"index": 1}, {"style": "natural"}]
)
def test_every_ingredient_counts(change):
    """Another prompt, seed, model, quality or number makes another picture."""
    assert _paint().data != _paint(**change).data


@pytest.mark.parametrize("size", [(16, 16), (1024, 64), (64, 1024), (300, 199), (1536, 1024)])
def test_sizes_are_honoured(size):
    """From 16 pixels to wide strips."""
    assert _image(_paint(width=size[0], height=size[1])).size == size


def test_formats_and_compression_are_honoured():
    """PNG, JPEG and WebP come as such; stronger compression gives fewer bytes."""
    assert [_image(_paint(picture_format=name)).format for name in ("png", "jpeg", "webp")] == ["PNG", "JPEG", "WEBP"]
    assert len(_paint(picture_format="jpeg", compression=10).data) < len(_paint(picture_format="jpeg", compression=90).data)


def test_quality_can_be_seen():
    """Low is coarse: its scene has far fewer different neighbours than high has."""

    def edges(quality):
        gray = _image(_paint(quality=quality, width=512, height=512)).convert("L").crop((0, 60, 512, 400))
        shifted = ImageChops.difference(gray, ImageChops.offset(gray, 1, 0))
        return sum(shifted.point([0] + [1] * 255).tobytes())

    assert edges("low") * 3 < edges("high")


def test_transparency_is_honoured():
    """A transparent background is: clear corners, an opaque middle; a JPEG has none."""
    image = _image(_paint(background="transparent"))
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((160, 128))[3] == 255
    assert _image(_paint(background="transparent", picture_format="jpeg")).mode == "RGB"


def test_the_words_are_drawn():
    """Two prompts of one mood and composition differ where the caption stands; CJK characters are no boxes where a font has them."""
    if not any("cjk" in name or name in ("pingfang.ttc", "msyh.ttc") for name in lettering._installed()):
        pytest.skip("no CJK font on this machine")
    first, second = (lettering._font_for(character, 24).getmask(character) for character in "灯塔")
    missing = lettering._font_for("灯", 24).getmask("\U0010ffff")
    assert bytes(first) != bytes(second) != bytes(missing)


def test_wrapping_breaks_anywhere_in_cjk_and_ends_with_an_ellipsis():
    """No line is wider than asked, long words are broken, and what does not fit becomes an ellipsis."""
    for text in ("黄昏时的海边老灯塔" * 20, "word " * 200, "x" * 500, "🎈🏔️👩‍🚀" * 60):
        rows = lettering.wrap(text, 20, 200, 3)
        assert len(rows) == 3
        assert rows[-1].endswith("…")
        assert all(lettering.text_width(row, 20) <= 201 for row in rows)


def _edit(png_bytes, mask=None, **changes):
    images = tuple(InputPicture(f"image[{number}]", data) for number, data in enumerate(png_bytes))
    return _paint(act="edit", images=images, mask=InputPicture("mask", mask) if mask else None, width=0, height=0, **changes)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_masks_are_honoured_to_the_pixel(mode, hole):
    """Outside the hole every pixel is the input's own; inside every pixel differs."""
    source = Image.effect_noise((150, 90), 80).convert("RGB").convert(mode)
    out = io.BytesIO()
    source.save(out, "PNG")
    result = _image(_edit([out.getvalue()], hole(150, 90, (30, 20, 99, 69)), quality="high"))
    assert result.size == (150, 90)
    difference = ImageChops.difference(result.convert("RGB"), source.convert("RGB"))
    strongest = ImageChops.lighter(ImageChops.lighter(*difference.split()[:2]), difference.getchannel(2))
    inside = strongest.crop((30, 20, 100, 70))
    assert min(inside.tobytes()) > 0
    strongest.paste(0, (30, 20, 100, 70))
    assert strongest.getbbox() is None


def test_half_transparent_is_not_a_hole():
    """Only alpha 0 means "edit here"."""
    mask, source = io.BytesIO(), io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 1)).save(mask, "PNG")
    Image.new("RGB", (40, 40), "navy").save(source, "PNG")
    assert _image(_edit([source.getvalue()], mask.getvalue())).getcolors() == [(1600, (0, 0, 128))]


def test_edits_show_their_inputs_in_order(png):
    """The inputs' colours are found from left to right, and their order changes the picture."""
    red, blue = png(300, 300, "red"), png(300, 300, "blue")
    one, other = _image(_edit([red, blue], prompt="x")), _image(_edit([blue, red], prompt="x"))

    def redness(image, box):
        mean = ImageStat.Stat(image.convert("RGB").crop(box)).mean
        return mean[0] - mean[2]

    left, right = (50, 150, 300, 600), (724, 150, 974, 600)
    assert redness(one, left) > redness(one, right)
    assert redness(other, left) < redness(other, right)


def test_partial_pictures_are_rougher():
    """Each partial picture has less detail than the one after it."""
    order = Order("generate", "m", "skyline", width=512, height=512, quality="high", stream=True, partial_images=3)

    def detail(painted):
        gray = _image(painted).convert("L").crop((0, 0, 512, 480))
        return ImageStat.Stat(ImageChops.difference(gray, ImageChops.offset(gray, 1, 1))).mean[0]

    steps = [detail(painter.paint_partial(order, step, 3)) for step in range(3)]
    assert steps == sorted(steps)
    assert steps[-1] < detail(painter.paint(order))


def test_a_machine_without_fonts_still_paints(monkeypatch):
    """Pillow's own face stands in; unknown scripts become boxes, nothing fails."""
    caches = (lettering._fonts, lettering._font_for, lettering._advance, lettering._emoji_font)
    with monkeypatch.context() as patch:
        patch.setattr(lettering, "_installed", dict)
        for cached in caches:
            cached.cache_clear()
        assert _image(_paint(prompt="灯塔 🎈 lighthouse")).size == (320, 256)
    for cached in caches:
        cached.cache_clear()
