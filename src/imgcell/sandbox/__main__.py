"""``python -m imgcell.sandbox``: serve until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgcell.language import tr


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, print the addresses, and return the exit status."""
    from imgcell.sandbox.documents import DOCUMENTS
    from imgcell.sandbox.server import serve

    parser = argparse.ArgumentParser(
        prog="python -m imgcell.sandbox", description=tr("A provider in a box, for trying imgcell without a key.")
    )
    parser.add_argument("--port", type=int, default=8000, help=tr("port to listen on; 0 takes a free one (default: 8000)"))
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help=tr("seconds that each picture takes (default: 0)"))
    parser.add_argument("--picture", type=Path, metavar="FILE", help=tr("answer every request with this picture instead of a painting"))
    parser.add_argument(
        "--faults", type=float, default=0.0, metavar="SHARE", help=tr("share of requests that fail, from 0 to 1 (default: 0)")
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=tr("seed that chooses which requests fail (default: 0)"))
    chosen = parser.parse_args(arguments)
    try:
        picture = chosen.picture.read_bytes() if chosen.picture else None
        server = serve(chosen.port, chosen.latency, picture=picture, record=False, faults=chosen.faults, seed=chosen.seed)
    except (OSError, OverflowError, ValueError) as error:
        print(tr("The sandbox cannot start: {reason}", reason=error), file=sys.stderr)
        return 1
    with server:
        print(tr("The imgcell sandbox listens; any key will do. Base URLs:"), flush=True)
        for name in DOCUMENTS:
            print(f"  {server.url(name)}", flush=True)
        print(tr("Press Ctrl-C to stop."), flush=True)
        server.join()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Whenever it comes, also while the addresses are being printed.
        print()
