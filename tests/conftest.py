"""What holds for every test: loopback only, a library of its own, English, no keys and no proxies from outside."""

from __future__ import annotations

import io
import os
from pathlib import Path

import hypothesis
import loopback_only
import pytest

ROOT = Path(__file__).resolve().parent.parent

# The children of the tests (kernels, servers) are guarded as well, and find imgcell in this tree.
_ahead = [str(ROOT / "tests" / "guard"), str(ROOT / "src")]
os.environ["PYTHONPATH"] = os.pathsep.join([*_ahead, *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"  # or jupyter_core warns in every child
for _name in list(os.environ):
    _ours = _name.startswith("IMGCELL_") and _name != "IMGCELL_KERNELS"  # those are pythons for the kernel tests (Makefile)
    if _ours or _name.upper().endswith("_PROXY") or _name.endswith(("_API_KEY", "_BASE_URL")):
        del os.environ[_name]
os.environ["LC_ALL"] = "C.UTF-8"
loopback_only.install()
# No test asserts a time, and a loaded machine takes its own.
hypothesis.settings.register_profile("imgcell", deadline=None)
hypothesis.settings.load_profile("imgcell")


@pytest.fixture(autouse=True)
def loopback_guard():
    """Fails a test during which anything tried to connect beyond this machine, even if the error was swallowed."""
    loopback_only.refused.clear()
    yield
    assert not loopback_only.refused, f"tests connect to loopback only: {loopback_only.refused}"


@pytest.fixture(autouse=True)
def imgcell_home(tmp_path_factory, monkeypatch):
    """A library and user configuration of the test's own; its folder."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("IMGCELL_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def fresh_options():
    """English, and every setting as a new session has it, whatever the test before did."""
    from imgcell.options import Options, options

    for name in Options.__slots__:
        setattr(options, name, getattr(Options(), name))
    options.language = "en"
    return options


@pytest.fixture(autouse=True)
def fresh_purse():
    """No budgets, and nothing spent in this session."""
    from imgcell import costs

    costs.forget()
    yield
    costs.forget()


@pytest.fixture
def server():
    """A sandbox of the test's own on a free loopback port."""
    import imgcell.sandbox

    with imgcell.sandbox.serve() as running:
        yield running


@pytest.fixture(scope="session")
def project():
    """The folder of the source tree."""
    return ROOT


@pytest.fixture
def photo():
    """A function that makes a picture with gradients and grain, as PIL image; the grain keeps PNGs large."""
    import numpy as np
    from PIL import Image, ImageDraw

    def make(width=64, height=48, *, alpha=False, seed=0, grain=8):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width]
        bands = [128 + 90 * np.sin(x / width * 6 + seed + i) + 60 * np.cos(y / height * 5 * (i + 1)) for i in range(3)]
        pixels = np.stack(bands, -1) + random.normal(0, grain, (height, width, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
        if alpha:
            hole = Image.new("L", (width, height))
            ImageDraw.Draw(hole).ellipse((width * 0.15, height * 0.1, width * 0.85, height * 0.9), fill=255)
            image.putalpha(hole)
        return image

    return make


@pytest.fixture
def encode():
    """A function that encodes a PIL image: ``encode(image, "JPEG", quality=90)``."""

    def run(image, kind="PNG", **params):
        buffer = io.BytesIO()
        image.save(buffer, kind, **params)
        return buffer.getvalue()

    return run
