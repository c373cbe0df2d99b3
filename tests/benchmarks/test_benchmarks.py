"""The benchmarks run; what they measure is nobody's test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_benchmarks_measure_imgcell_and_its_peers(tmp_path):
    """A short run prints a table with a line for each row, and writes the figures of every client."""
    command = [sys.executable, str(Path(__file__).parent), "--quick", "--json", str(tmp_path / "figures.json")]
    for case in ("import", "cold", "in-flight", "lazy-1024"):
        command += ["--only", case]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "| case | imgcell | peer | ratio | target | met? |" in done.stdout
    report = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [case["case"] for case in report["cases"]] == ["import", "cold", "in-flight", "lazy-1024"]
    for case in report["cases"]:
        assert all(figure > 0 for figures in case["workers"].values() for figure in figures["time"])
        assert sum(case["title"] in line for line in done.stdout.splitlines()) >= len(case["rows"])


def test_the_benchmark_of_masks_runs():
    """With small masks and once each: a line of the table for every operation."""
    command = [sys.executable, str(Path(__file__).parent / "masks.py"), "--side", "96", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert lines[0] == "| operation | ms | peer | its ms | ratio |"
    assert {"grow 8, noise", "feather 8, drawn", "preview on a photograph"} <= {line.split(" | ")[0].strip("| ") for line in lines}
