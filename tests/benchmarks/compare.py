"""Sixteen pictures of 4096 pixels a side beside each other in a real Chromium: how soon, how smooth, how much memory.

``python tests/benchmarks/compare.py`` prints figures beside what is aimed for; nobody else does this in a notebook.  Headless Chromium
draws without a graphics card here: frames are what the page makes of them, not what a screen shows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "browser"), str(Path(__file__).resolve().parent)]

import lab_in_chromium  # noqa: E402
import studio_in_lab  # noqa: E402

#: Makes the pictures in a folder: photographs' grain over soft fields, as JPEG, which is how so large ones come.
MAKE = """
import imgcell, sys
from PIL import Image
def made(folder, count, side):
    for number in range(count):
        noise = Image.effect_noise((side, side), 24)
        ground = Image.linear_gradient('L').resize((side, side)).rotate(90 * (number % 4))
        Image.merge('RGB', (ground, noise, Image.blend(noise, ground, 0.5))).save(f'{folder}/{number}.jpg', quality=90)
"""
WAIT = """const until = (found) => new Promise(resolve => {
    const look = () => { if (found()) resolve(performance.now()); else requestAnimationFrame(look); };
    look();
});
const alpha = (canvas) => canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3];
const drawn = (canvas) => canvas.width > 0 && alpha(canvas) === 255;
const panes = () => [...document.querySelectorAll('.ic-compare .ic-pane canvas')];"""
#: Drags by small steps, one a frame, and returns how long the frames took and how long the page worked in each.
PAN = """async (steps) => {
    const pane = document.querySelector('.ic-compare .ic-pane');
    const at = pane.getBoundingClientRect();
    const point = (x, y) => ({clientX: at.x + x, clientY: at.y + y, pointerId: 1, pointerType: 'mouse', button: 0, bubbles: true});
    pane.setPointerCapture = () => {};
    pane.dispatchEvent(new PointerEvent('pointerdown', point(100, 100)));
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    for (let step = 1; step <= steps; step += 1) {
        pane.dispatchEvent(new PointerEvent('pointermove', point(100 + 40 * Math.sin(step / 9), 100 + 40 * Math.cos(step / 9))));
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    pane.dispatchEvent(new PointerEvent('pointerup', point(100, 100)));
    return frames;
}"""


def main() -> int:
    """Measure once, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096, help="pixels a side")
    parser.add_argument("--count", type=int, default=16, help="pictures")
    chosen = parser.parse_args()
    print(f"{chosen.count} pictures of {chosen.side} pixels a side\n\n| what | figure | aim |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "pictures").mkdir()
        made: dict[str, Any] = {}
        exec(MAKE, made)  # the same lines would run in the kernel
        made["made"](place / "pictures", chosen.count, chosen.side)
        environment = {"IMGCELL_PROVIDER": "sandbox", "PYTHONPATH": str(ROOT / "src")}
        with (
            lab_in_chromium.running_server(place, environment=environment) as server,
            lab_in_chromium.launched_browser() as browser,
            studio_in_lab.opened_lab(browser, server, width=1600, height=1200) as lab,
        ):
            widget(lab, place, chosen.count)
            file(browser, place, chosen.count)
    return 0


def line(what: str, figure: str, aim: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what} | {figure} | {aim} |", flush=True)


def widget(lab: Any, place: Path, count: int) -> None:
    """In JupyterLab, the pixels from the kernel."""
    lab.run(f"import imgcell\nfrom pathlib import Path\npaths = sorted(Path({str(place / 'pictures')!r}).iterdir())")
    lab.page.set_default_timeout(120_000)
    first, every = lab.page.evaluate(
        f"""async (count) => {{
            {WAIT}
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const cells = notebook.model.sharedModel;
            cells.transact(() => cells.deleteCellRange(0, cells.cells.length));
            cells.insertCell(0, {{cell_type: 'code', source: 'imgcell.compare(paths)', metadata: {{}}}});
            notebook.activeCellIndex = 0;
            const start = performance.now();
            window.jupyterapp.commands.execute('notebook:run-cell');
            const first = await until(() => panes().some(drawn));
            const every = await until(() => panes().length > 0 && panes().filter(drawn).length >= Math.min(count, 8));
            return [first - start, every - start];
        }}""",
        count,
    )
    line("cell run to the first picture (kernel reads and reduces it)", f"{first:.0f} ms")
    line("cell run to a screenful of pictures", f"{every:.0f} ms")
    lab.page.locator(".ic-compare .ic-pane").first.focus()
    smooth(lab.page, "widget")


def file(browser: Any, place: Path, count: int) -> None:
    """In a file, opened from the disk."""
    from imgcell.comparison import page as pages
    from imgcell.comparison.lineup import lineup

    path = place / "compare.html"
    text = pages.html(lineup(sorted((place / "pictures").iterdir())), side=None)
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 1600, "height": 1200})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(path.as_uri(), wait_until="commit")
    times = page.evaluate(
        f"""async (count) => {{
            {WAIT}
            const first = await until(() => panes().some(drawn));
            const all = await until(() => panes().length === count && panes().filter(drawn).length >= Math.min(count, 8));
            return [first, all];
        }}""",
        count,
    )
    line(f"file of {len(text) / 1e6:.0f} MB: opened to the first picture", f"{times[0]:.0f} ms")
    line("file: opened to a screenful of pictures", f"{times[1]:.0f} ms")
    page.locator(".ic-pane").first.focus()
    smooth(page, "file")
    context.close()


def smooth(page: Any, where: str) -> None:
    """How long frames take while all are panned, zoomed in four times and at every pixel; how long until those are sharp."""
    for key, presses, name in (("+", 7, "5×"), ("1", 1, "every pixel")):
        for _ in range(presses):
            page.keyboard.press(key)
        begun = page.evaluate("() => performance.now()")
        page.wait_for_function(SHARP.format(level=0.9 if key == "1" else 0.0))
        sharp = page.evaluate("() => performance.now()") - begun
        page.wait_for_timeout(4000)  # until nothing is decoded any more: panning is measured, not decoding
        frames = page.evaluate(PAN, 120)
        ordered = sorted(frames)
        line(
            f"{where}: frame while panning at {name}, median / 95 % / worst",
            f"{statistics.median(frames):.1f} / {ordered[int(len(ordered) * 0.95)]:.1f} / {ordered[-1]:.1f} ms",
            "<= 16.7 ms median",
        )
        if key == "1":
            line(f"{where}: until the looked-at pane is sharp at every pixel", f"{sharp:.0f} ms")
    page.keyboard.press("0")


#: The first pane shows grain: neighbors differ, as they do not in an enlarged small version.
SHARP = """() => {{
    const canvas = document.querySelector('.ic-compare .ic-pane canvas');
    const {{data}} = canvas.getContext('2d').getImageData(10, canvas.height / 2, 60, 1);
    let sum = 0;
    for (let at = 5; at < data.length; at += 4) sum += Math.abs(data[at] - data[at - 4]);
    return sum / 59 > 7 * {level};
}}"""

if __name__ == "__main__":
    sys.exit(main())
