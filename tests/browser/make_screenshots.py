"""Take the Studio's portrait: each main state, light and dark, in English and Chinese, at 480 and 1100 pixels.

``make screenshots`` runs it; the results are in tests/browser/pictures/studio/, which git does not see.  Name states to take only those.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

import lab_in_chromium
import studio_in_lab
import studio_states

import imgcell.sandbox

TARGET = Path(__file__).resolve().parent / "pictures" / "studio"


def main() -> int:
    """Bring about each state once, and photograph it in all eight appearances."""
    names = sys.argv[1:] or list(studio_states.STATES)
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, imgcell.sandbox.serve() as sandbox:
        place = Path(folder)
        environment = {
            "IMGCELL_SANDBOX_URL": sandbox.url("sandbox"),
            "IMGCELL_PROVIDER": "sandbox",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(imgcell.__file__).parents[1]), os.environ.get("PYTHONPATH")])),
        }
        with (
            lab_in_chromium.running_server(place, environment=environment) as server,
            lab_in_chromium.launched_browser() as browser,
            studio_in_lab.opened_lab(browser, server, reduced_motion="reduce") as lab,
        ):
            for name in names:
                lab.clear(place / "homes" / name)
                lab.theme(dark=False)
                with studio_states.STATES[name](lab, sandbox) as studio:
                    for width, dark, language in itertools.product((1100, 480), (False, True), ("English", "简体中文")):
                        lab.look(studio, dark=dark, width=width, language=language)
                        studio.wait_until_drawn()
                        look = f"{width}-{'dark' if dark else 'light'}-{'en' if language == 'English' else 'zh'}"
                        path = TARGET / f"{name}-{look}.png"
                        studio.photograph(path)
                        print(path)
                    studio.language("English")
    return 0


if __name__ == "__main__":
    sys.exit(main())
