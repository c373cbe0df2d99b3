"""``python tests/benchmarks``: imgcell beside what people use without it, in one run, as ratios.

Every client of a case is measured in fresh processes, in turns, and medians are compared.  Figures belong to the
machine and the day; ratios are what is aimed for.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import dataclasses
import functools
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, Row, cases

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run what was asked for, print the table, and return 0: a benchmark does not fail because a machine is slow."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="CASE", help="names of cases, or how they begin; may be given again")
    parser.add_argument("--quick", action="store_true", help="one round of the small cases: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write every figure there")
    parser.add_argument("--folder", type=Path, help="where libraries are kept meanwhile: the disk to be measured")
    options = parser.parse_args()
    chosen = cases(options.only, quick=options.quick)
    if not chosen:
        parser.error("no such case")
    print(f"CPython {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors\n")
    print("| case | imgcell | peer | ratio | target | met? |")
    print("|---|---|---|---|---|---|")
    report: list[dict[str, Any]] = []
    with _server() as url:
        for case in chosen:
            figures = _run(case, url, quick=options.quick, folder=options.folder)
            for row in case.rows:
                line = _line(case, row, figures)
                if line is not None:
                    print("| " + " | ".join(line) + " |", flush=True)
            rows = [dataclasses.asdict(row) for row in case.rows]
            report.append({"case": case.name, "title": case.title, "workers": figures, "rows": rows})
    if options.json is not None:
        document = {"python": platform.python_version(), "system": platform.platform(), "cases": report}
        options.json.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 0


@contextlib.contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, str(HERE / "server.py"), "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.communicate()


def _run(case: Case, url: str, *, quick: bool, folder: Path | None) -> dict[str, dict[str, list[float]]]:
    figures: dict[str, dict[str, list[float]]] = {}
    # Byte code is written in a round of its own where imports are what is measured.
    rounds = [*([False] if case.compiled and not quick else []), *[True] * (1 if quick else case.rounds)]
    for counts in rounds:
        for label, fields in case.workers.items():
            if fields["client"] in ("openai", "litellm") and importlib.util.find_spec(fields["client"]) is None:
                continue
            task = {**fields, "url": url}
            if quick:
                task.update({"repetitions": 1, **case.quick})
            measured = _worker(task, folder)
            for metric, values in measured.items() if counts else ():
                figures.setdefault(label, {}).setdefault(metric, []).extend(values)
    return figures


def _worker(task: dict[str, Any], folder: Path | None) -> dict[str, list[float]]:
    home = tempfile.mkdtemp(prefix="imgcell-benchmark-", dir=folder)
    outside = [name for name in os.environ if name.startswith("IMGCELL_") or name.upper().endswith("_PROXY")]
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment["IMGCELL_HOME"] = home
    # As installed packages are: compiled once.  In a place of the run's own, whatever the outside says.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(_byte_code())
    # Its import would otherwise fetch a table of prices from the network.
    environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    if task.get("library") is True:
        task["library"] = home
    try:
        command = [sys.executable, str(HERE / "worker.py"), json.dumps(task)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{task['case']} of {task['client']} failed:\n{done.stderr}")
        figures: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
        return figures
    finally:
        shutil.rmtree(home, ignore_errors=True)


@functools.cache
def _byte_code() -> Path:
    """Return where this run's byte code is."""
    made = tempfile.mkdtemp(prefix="imgcell-benchmark-code-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def _line(case: Case, row: Row, figures: dict[str, dict[str, list[float]]]) -> list[str] | None:
    ours = figures[row.ours][row.metric]
    title = ", ".join(filter(None, [case.title, row.what]))
    if isinstance(row.peer, str):
        if row.peer not in figures:
            return [title, _said(statistics.median(ours), row), f"{row.peer} is not installed", "", "", ""]
        name, theirs = row.peer, statistics.median(figures[row.peer][row.metric])
    else:
        name, theirs = row.peer
    figure = statistics.median(ours)
    ratio = figure / theirs
    target = "" if row.target is None else f"<= {_said(row.target, row)}" if row.absolute else f"<= {row.target:g}"
    met = "" if row.target is None else "yes" if (figure if row.absolute else ratio) <= row.target else "no"
    return [title, _said(figure, row), f"{_said(theirs, row)} ({name})", f"{ratio:.3g}", target, met]


def _said(value: float, row: Row) -> str:
    return f"{value / 1e6:.2f} MB" if row.metric == "peak" else f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"


if __name__ == "__main__":
    sys.exit(main())
