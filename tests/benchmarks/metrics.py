"""``python tests/benchmarks/metrics.py``: numbers about pictures, each beside what people use for it; and a sheet of them.

Figures belong to the machine and the day.  The pictures have gradients and grain, as photographs have.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import numpy as np
from beside import Row, heading, table, timed
from PIL import Image, ImageStat
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import imgcell
from imgcell.measures import against, alone, shelf
from imgcell.pictures import MemorySource, Picture, Record
from imgcell.pictures.wording import diff


def photo(side: int, seed: int) -> Image.Image:
    """Return a picture with gradients and grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    bands = [128 + 80 * np.sin(x * 6 + seed + band) + 50 * np.cos(y * 5 * (band + 1)) for band in range(3)]
    grain = random.integers(-8, 9, (side, side, 1), dtype=np.int16)
    return Image.fromarray((np.stack(bands, -1).astype(np.int16) + grain).clip(0, 255).astype(np.uint8))


def rows(side: int) -> list[Row]:
    """Return title, what is measured, and its peer with its name."""
    one, other = photo(side, 1), photo(side, 2)
    clear = one.convert("RGBA")
    clear.putalpha(other.getchannel(0))
    first, second = np.asarray(one), np.asarray(other)
    grays = [np.asarray(image.convert("L")) for image in (one, other)]
    window = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return [
        ("transparency", lambda: alone.transparency(clear), "NumPy", lambda: float(np.mean(np.asarray(clear)[..., 3] < 128))),
        ("color", lambda: alone.color(one), "ImageStat, mean alone", lambda: ImageStat.Stat(one).mean),
        ("sharpness", lambda: alone.sharpness(one), "SciPy", lambda: ndimage.laplace(grays[0].astype(np.float32)).var()),
        ("hash", lambda: alone.hash_text(one), "", None),
        ("psnr", lambda: against.psnr(one, other), "scikit-image", lambda: peak_signal_noise_ratio(first, second, data_range=255)),
        ("ssim", lambda: against.ssim(one, other), "scikit-image, whole", lambda: structural_similarity(*grays, **window)),
    ]


def sheet(count: int) -> None:
    """Print what a sheet of pictures of 1024 x 1024 takes: alone, several at a time, remembered."""
    pictures = []
    for number in range(count):
        file = io.BytesIO()
        photo(1024, number).save(file, "PNG", compress_level=1)
        source = MemorySource(file.getvalue())
        pictures.append(Picture(source, Record(f"p-{number}", source.sha256, "a kite", "none", None)))
    names = ["transparency", "color", "sharpness", "hash"]

    def judge(picture: Picture) -> int:
        time.sleep(0.05)  # what a model far away takes
        return picture.width

    lines: list[tuple[str, Callable[[], object]]] = [
        ("four measures, one at a time", lambda: imgcell.measure(pictures, names, workers=1, cache=False, progress=False)),
        ("four measures", lambda: imgcell.measure(pictures, names, cache=False, progress=False)),
        ("a judge of 50 ms, 8 at a time", lambda: imgcell.measure(pictures, {"judge": judge}, workers=8, cache=False, progress=False)),
        ("four measures, remembered", lambda: imgcell.measure(pictures, names, progress=False)),
    ]
    shelf.forget()
    imgcell.measure(pictures, names, progress=False)
    print(f"\n| {count} pictures of 1024 x 1024 | ms |\n|---|---|")
    for title, function in lines:
        print(f"| {title} | {timed(function, 1):.0f} |", flush=True)


def main() -> int:
    """Run it and return 0: a benchmark does not fail because a machine is slow."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/metrics.py", description=__doc__)
    parser.add_argument("--side", type=int, default=4096, help="pixels a side")
    parser.add_argument("--rounds", type=int, default=3, help="calls of each, of which the median counts")
    parser.add_argument("--pictures", type=int, default=48, help="pictures of the sheet")
    options = parser.parse_args()
    print(heading(options.side))
    table("measure", rows(options.side), options.rounds)
    prompt = "a red kite over the sea at dusk, seen from below, " * 40
    took = timed(lambda: diff(prompt, prompt.replace("red", "bright red")), options.rounds)
    print(f"| difference of a prompt of {len(prompt.split())} words | {took:.0f} | – | – | – |")
    sheet(options.pictures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
