"""How long measures of edits take, and how much memory: ``python tests/benchmarks/measures.py`` prints a table.

Each row in a process of its own; the best of three runs after a first one that imports what it takes.  "decoded": the pictures are
in memory; otherwise the time has the decoding of both files in it.  Memory is what the process took beyond the decoded pictures
(Linux: the peak of its resident set).
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time

SIZES = (1024, 2048, 4096)
WHAT = ("changes", "changes-png", "changes-jpeg", "keep", "keep-poisson", "losses")


def peak():
    """Return the peak of the resident set in MB; 0 where the platform does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1000 for line in file if line.startswith("VmHWM"))
    except OSError:
        return 0.0


def pictures(side):
    """Return two pictures, the second shifted and edited, and a mask."""
    import numpy as np
    from PIL import Image, ImageChops

    rng = np.random.default_rng(0)
    forms = Image.fromarray(rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    grain = Image.fromarray(rng.integers(122, 135, (256, 256, 3), dtype=np.uint8))
    noise = Image.new("RGB", (side, side))
    for top in range(0, side, 256):
        for left in range(0, side, 256):
            noise.paste(grain, (left, top))
    before = ImageChops.add(forms, noise, 1, -128)
    after = before.transform(before.size, Image.Transform.AFFINE, (1, 0, -7, 0, 1, 5))
    box = (side // 4, side // 4, side // 2, side * 5 // 8)
    after.paste((200, 30, 30), box)
    mask = Image.new("L", before.size, 0)
    mask.paste(255, box)
    return before, after, mask


def one(what, side):
    """Measure one row; print it as JSON."""
    import imgcell
    from imgcell.measures.losing import losses

    before, after, mask = pictures(side)
    if what in ("changes-png", "changes-jpeg"):
        files = []
        for image in (before, after):
            buffer = io.BytesIO()
            image.save(buffer, what[8:], **({"compress_level": 1} if what == "changes-png" else {"quality": 92}))
            files.append(buffer.getvalue())
        before, after = files
    works = {
        "keep": lambda: imgcell.keep_outside(before, after, mask),
        "keep-poisson": lambda: imgcell.keep_outside(before, after, mask, blend="poisson"),
        "losses": lambda: losses(before, after),
    }
    work = works.get(what, lambda: imgcell.changes(before, after, mask))
    ready = peak()
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    print(json.dumps({"what": what, "side": side, "seconds": min(times[1:]), "first": times[0], "extra": peak() - ready, "peak": peak()}))


def main():
    """Print the table."""
    print(f"{'measure':<14}{'pixels':>12}{'seconds':>10}{'first':>9}{'MB beyond':>11}{'MB peak':>9}")
    for what in WHAT:
        for side in SIZES:
            made = subprocess.run([sys.executable, __file__, what, str(side)], capture_output=True, text=True, check=True)
            row = json.loads(made.stdout.splitlines()[-1])
            print(f"{what:<14}{f'{side}x{side}':>12}{row['seconds']:>10.2f}{row['first']:>9.2f}{row['extra']:>11.0f}{row['peak']:>9.0f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        main()
