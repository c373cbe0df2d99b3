"""The pictures that are measured with: seeded, and as grainy as photographs, which is what decoders find hard."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

__all__ = ["base64_png", "folder", "noise_files", "picture", "tiny_file"]

#: A 1 x 1 PNG: the smallest answer that is one.
TINY = base64.b64decode(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgaGAAAAEEAIHpnkL7AAAAAElFTkSuQmCC")


def folder() -> Path:
    """Return where the pictures are kept from one run to the next: the larger ones take seconds to make."""
    kept = Path(tempfile.gettempdir()) / "imgcell-benchmarks"
    kept.mkdir(exist_ok=True)
    return kept


def picture(side: int) -> Path:
    """Return the PNG of *side* x *side* pixels: gradients, discs and grain, about 54 % of its raw size."""
    path = folder() / f"grain-{side}.png"
    if not path.exists():
        import numpy as np
        from PIL import Image

        random = np.random.default_rng(side)
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
        channels = np.stack([90 + 120 * y, 70 + 90 * (x + y) / 2, 150 - 80 * x], axis=-1)
        for _ in range(24):
            (centre_y, centre_x), radius = random.random(2), 0.02 + 0.12 * random.random()
            channels[(y - centre_y) ** 2 + (x - centre_x) ** 2 < radius**2] += random.integers(-50, 50, 3)
        channels += random.normal(0, 3.3, channels.shape).astype(np.float32)
        _write(Image.fromarray(channels.clip(0, 255).astype(np.uint8)), path, level=6)
    return path


def noise_files(count: int, side: int) -> list[Path]:
    """Return *count* different PNGs of *side* x *side* random pixels: 1825 pixels are 10 MB."""
    paths = [folder() / f"noise-{side}-{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            import numpy as np
            from PIL import Image

            pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
            _write(Image.fromarray(pixels), path, level=1)
    return paths


def tiny_file() -> Path:
    """Return a file with the smallest picture."""
    path = folder() / "tiny.png"
    path.write_bytes(TINY)
    return path


def base64_png(side: int) -> bytes:
    """Return the base64 text of :func:`picture`, or of one pixel for a *side* of 1."""
    return base64.b64encode(TINY if side == 1 else picture(side).read_bytes())


def _write(image: object, path: Path, level: int) -> None:
    from PIL import Image

    assert isinstance(image, Image.Image)
    part = path.with_suffix(f".{os.getpid()}.part")
    image.save(part, "PNG", compress_level=level)
    part.replace(path)
