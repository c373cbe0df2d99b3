"""A sweep of 64 cells against the ideal wall time, planning one, looking at one again, and how soon an interrupt lands.

``python tests/benchmarks/sweep.py``; prints figures and asserts nothing.

The sandbox answers every request after ``LATENCY`` seconds with a fixed 1024 x 1024 PNG from a process of its own, so that
the ideal is rounds x latency: 64 cells, so many at a time.  What the sweep takes beyond is imgcell's own work: two durable
ledger lines, a blob and a record for each cell.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2] / "src")]

CELLS, LATENCY = 64, 1.0

SERVER = """
import sys, pathlib, imgcell.sandbox
with imgcell.sandbox.serve(latency=float(sys.argv[2]), picture=pathlib.Path(sys.argv[1]).read_bytes(), record=False) as server:
    print(server.url("sandbox"), flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def served(picture: Path, latency: float) -> Iterator[str]:
    """The sandbox in a process of its own; its address."""
    command = [sys.executable, "-c", SERVER, str(picture), str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.communicate()


def main() -> None:
    """Print the figures."""
    import artwork

    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2] / "src")
    os.environ["IMGCELL_HOME"] = tempfile.mkdtemp()
    import imgcell

    prompts = [f"picture {number}" for number in range(8)]
    with served(artwork.picture(1024), LATENCY) as url:
        for width in (4, 16, 64):
            client = imgcell.Client("sandbox", base_url=url, max_in_flight=width)
            client.generate("warm")
            times = []
            for _ in range(3):
                sweep = imgcell.sweep(prompts, provider=client, quality=["low", "high"], size=["1024x1024", "512x512"], n=2)
                begun = time.perf_counter()
                sheet = sweep.run()
                times.append(time.perf_counter() - begun)
                assert len(sheet) == CELLS
            ideal = CELLS / width * LATENCY
            took = statistics.median(times)
            begun = time.perf_counter()
            runs = [client.submit(imgcell.Generate(prompts[number % 8], size="1024x1024")) for number in range(CELLS)]
            for run in runs:
                run.wait()
            by_hand = time.perf_counter() - begun
            print(
                f"{CELLS} cells, {width:2} at a time: {took:6.2f} s, ideal {ideal:6.2f} s, ratio {took / ideal:.3f}; "
                f"the same by hand {by_hand:6.2f} s"
            )
        imgcell.library().find(limit=1)  # the index is up to date, as it is after any look at the library
        begun = time.perf_counter()
        imgcell.sweep(prompts, provider=client, quality=["low", "high"], size=["1024x1024", "512x512"], n=2).plan()
        print(f"plan of 32 combinations: {(time.perf_counter() - begun) * 1000:.0f} ms")
        begun = time.perf_counter()
        again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client}).sheet
        print(f"sheet of {len(again)} cells from the library: {(time.perf_counter() - begun) * 1000:.0f} ms")
    with served(artwork.picture(1024), 5.0) as url:
        landed = []
        for _ in range(5):
            client = imgcell.Client("sandbox", base_url=url, max_in_flight=16)
            sweep = imgcell.sweep([str(number) for number in range(CELLS)], provider=client)
            sent: list[float] = []

            def interrupt(sent: list[float] = sent) -> None:
                time.sleep(1.0)
                sent.append(time.perf_counter())
                signal.raise_signal(signal.SIGINT)

            threading.Thread(target=interrupt).start()
            with contextlib.suppress(KeyboardInterrupt), contextlib.redirect_stderr(io.StringIO()):
                sweep.run()
            landed.append(time.perf_counter() - sent[0])
            sweep.stop()  # lets go of what is out
        print(f"interrupt with 16 of {CELLS} requests out: median {statistics.median(landed):.3f} s, worst {max(landed):.3f} s")


if __name__ == "__main__":
    main()
