"""``python tests/benchmarks/report.py``: a report of 200 pictures in figures: time, memory, bytes, and when a browser shows it.

Figures belong to the machine and the day.  The pictures are photographs in kind (smooth, with grain), 1024 x 1024, half of them
JPEG, half PNG.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import platform
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import numpy as np
from measure import measure
from PIL import Image

import imgcell
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import FileSource
from imgcell.providers.prices import Cost

MODELS = ("aurora", "borealis", "calm", "dusk")


def study(folder: Path, count: int) -> imgcell.Sheet:
    """Return a sheet of *count* pictures on the disk, by prompt and model."""
    prompts = [f"第{number}张海报 poster number {number}" for number in range(count // (len(MODELS) * 2))]
    sheet = imgcell.Sheet(axes={"prompt": prompts, "model": MODELS}, running=True, expected=count)
    dice = np.random.default_rng(1)
    down, across = np.mgrid[0:1024, 0:1024] / 1024
    for place in range(count):
        waves = [np.sin(across * dice.uniform(2, 9) + down * dice.uniform(2, 9) + shift) for shift in dice.uniform(0, 6, 3)]
        pixels = (np.stack(waves, axis=-1) * 100 + 127 + dice.normal(0, 5, (1024, 1024, 3))).clip(0, 255).astype(np.uint8)
        out = io.BytesIO()
        kind = "PNG" if place % 2 else "JPEG"
        Image.fromarray(pixels).save(out, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": 92}))
        path = folder / f"{place}.{kind.lower()}"
        path.write_bytes(out.getvalue())
        source = FileSource(path, hashlib.sha256(out.getvalue()).hexdigest(), path.stat().st_size)
        record = Record(
            id=f"p-{place}", sha256=source.sha256, prompt=prompts[place // (len(MODELS) * 2)], provider="somebody",
            model=MODELS[place // 2 % len(MODELS)], seconds=float(dice.uniform(2, 30)), cost=Cost(0.04, "USD", "billed"),
            requested={"size": "1024x1024"}, size=(1024, 1024), format=kind, bytes=source.size, attempt=f"a-{place}",
        )  # fmt: skip
        sheet._add(Picture(source, record), place)
    sheet._finish()
    return sheet


def browser(page: Path) -> tuple[float, float] | None:
    """Return seconds until the page is loaded and every picture decoded, on a screen and as PDF; ``None`` without a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as play:
        try:
            running = play.chromium.launch(executable_path="/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
        except Exception as error:  # noqa: BLE001 - whatever it lacks, the other figures are there
            print(f"no browser: {error}".splitlines()[0])
            return None
        tab = running.new_page()
        began = time.perf_counter()
        tab.goto(page.as_uri())
        tab.evaluate("Promise.all([...document.images].map(image => image.decode()))")
        shown = time.perf_counter() - began
        began = time.perf_counter()
        tab.pdf(prefer_css_page_size=True)
        printed = time.perf_counter() - began
        running.close()
    return shown, printed


def main() -> int:
    """Print the figures, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sheet = study(folder, options.pictures)
        reckoned = measure(lambda _: imgcell.report(sheet), repetitions=3)
        report = imgcell.report(sheet)
        page, whole = folder / "study.html", folder / "study"
        written = measure(lambda _: report.export(page), repetitions=2, warm_ups=0, peaks=1)
        kept = measure(lambda _: report.export(whole), repetitions=2, warm_ups=0)
        bytes_of_folder = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
        print(f"CPython {platform.python_version()}, {platform.system()}; {len(sheet)} pictures\n")
        print("| what | figure |")
        print("|---|---|")
        print(f"| figures of the report | {min(reckoned.time) * 1000:.0f} ms |")
        print(f"| page: time | {min(written.time):.2f} s |")
        print(f"| page: size | {page.stat().st_size / 1e6:.1f} MB |")
        print(f"| page: memory at its highest | {written.peak[0] / 1e6:.0f} MB |")
        print(f"| folder: time | {min(kept.time):.2f} s |")
        print(f"| folder: size | {bytes_of_folder / 1e6:.1f} MB |")
        if (seen := browser(page)) is not None:
            print(f"| page in Chromium: loaded, all pictures decoded | {seen[0]:.2f} s |")
            print(f"| page in Chromium: printed to PDF | {seen[1]:.2f} s |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
