"""``python tests/benchmarks/masks.py``: masks of 4096 x 4096, each operation, beside what people use for it.

Figures belong to the machine and the day.  The drawn mask is what an edit has: a few areas with smooth edges.  The noise is
the worst there is for distances: every tile has an edge in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import numpy as np
from beside import Row, heading, table
from PIL import Image, ImageFilter

from imgcell import Mask, masks
from imgcell.jobs import InputImage
from imgcell.masks.sending import load_mask
from imgcell.providers.profile import Model


def scipy_grow(mask: Mask, radius: float) -> Callable[[], object] | None:
    """Return the same by SciPy's exact distance transform, if SciPy is there."""
    if importlib.util.find_spec("scipy") is None:
        return None
    from scipy import ndimage

    return lambda: ndimage.distance_transform_edt(np.asarray(mask) < 128) <= radius


def rows(side: int) -> list[Row]:
    """Return title, what is measured, and its peer with its name."""
    random = np.random.default_rng(1)
    size = (side, side)
    at = [side * share for share in (0.12, 0.07, 0.95, 0.17, 0.73, 0.92, 0.2, 0.73)]
    corners = list(zip(at[::2], at[1::2], strict=True))
    drawn = masks.polygon(size, corners) - masks.ellipse(size, (side * 0.3, side * 0.3, side * 0.6, side * 0.5))
    noise = Mask(random.random((side, side)) > 0.99)
    photo = Image.fromarray(random.integers(0, 255, (side, side, 3), dtype=np.uint8))
    other = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    file, first = drawn.png, InputImage("image/png", width=side, height=side)

    def sent() -> Any:
        # A new value each time: one and the same is encoded once.
        return load_mask(Mask(drawn.image), first, Model("any"))

    def encoded() -> None:
        drawn.to("alpha").save(io.BytesIO(), "PNG")

    return [
        ("polygon of 4 sides, ellipse taken away", lambda: masks.polygon(size, corners) - masks.ellipse(size, (9, 9, 99, 99)), "", None),
        ("a or b", lambda: drawn | noise, "NumPy", lambda: np.maximum(np.asarray(drawn), np.asarray(noise))),
        ("a xor b", lambda: drawn ^ noise, "", None),
        ("not a", lambda: ~drawn, "", None),
        ("grow 8, drawn", lambda: drawn.grow(8), "SciPy", scipy_grow(drawn, 8)),
        ("grow 64, drawn", lambda: drawn.grow(64), "SciPy", scipy_grow(drawn, 64)),
        ("grow 8, noise", lambda: noise.grow(8), "SciPy", scipy_grow(noise, 8)),
        ("shrink 8, drawn", lambda: drawn.shrink(8), "", None),
        ("feather 8, drawn", lambda: drawn.feather(8), "PIL's GaussianBlur", lambda: drawn.image.filter(ImageFilter.GaussianBlur(8))),
        ("feather 8, noise", lambda: noise.feather(8), "", None),
        ("fit to a quarter", lambda: drawn.fit((side // 2, side // 2)), "", None),
        ("color_range", lambda: masks.color_range(photo, "skyblue"), "", None),
        ("luminance_range", lambda: masks.luminance_range(photo, 40, 90), "", None),
        ("difference", lambda: masks.difference(photo, other), "", None),
        ("segment, answer of a quarter", lambda: masks.segment(lambda picture: np.ones((side // 2, side // 2), bool), photo), "", None),
        ("read from a PNG", lambda: Mask(file), "", None),
        ("made ready for sending (alpha)", sent, "PIL alone", encoded),
        ("preview on a photograph", lambda: drawn.preview(photo), "", None),
        ("shown in a cell", drawn._repr_mimebundle_, "", None),
    ]


def main() -> int:
    """Run it and return 0: a benchmark does not fail because a machine is slow."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/masks.py", description=__doc__)
    parser.add_argument("--side", type=int, default=4096, help="pixels a side")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each, of which the median counts")
    options = parser.parse_args()
    print(heading(options.side))
    table("operation", rows(options.side), options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
