"""The law of imports: who may lean on whom, where outside libraries live, what starting costs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "imgcell"

#: Left to right: a part may import only from a part of lower rank, or from itself.
RANKS = {
    "options": 0,
    "origin": 0,
    "static": 0,  # the pages' bundles, as text
    "language": 1,
    "errors": 2,
    "jobs": 3,
    "wire": 4,
    "providers": 5,
    "pictures": 6,
    "charts": 6,  # a plot as one SVG
    "files": 6,  # how bytes get to a disk for good; the ledger and the store are written on it
    "masks": 7,  # where to edit, as a value
    "ledger": 7,
    "measures": 8,  # numbers about pictures: one alone, two against each other
    "store": 8,  # its index is made from the ledger too
    "portal": 9,
    "costs": 9,
    "lineage": 9,  # what came of what; running it again is the client's
    "transport": 10,  # drives its exchanges on the portal's loop; the portal knows nothing of it
    "client": 11,
    "archive": 12,  # library(), history(), unsettled(): what is asked of the library from outside
    "sweeps": 13,  # many jobs as one value: planned, run, resumed, spread over machines
    "votes": 13,  # which of two is better, asked blindly; the ranking
    "comparison": 14,  # many pictures beside each other: what a view, a page and a contact sheet show
    "reports": 15,
    "magics": 16,
    "widget": 16,
}
#: The sandbox is the other side of the wire: what it shares with the client would not be tested by either.
SANDBOX_MAY = {"options", "language", "errors"}

HOMES = {
    "httpx": {"transport", "sandbox"},
    "certifi": {"transport"},
    "httpcore": {"transport", "sandbox"},
    "IPython": {"magics", "widget", "sweeps", "measures"},  # where something is shown in a cell; of sweeps and measures, how they go on
    "anywidget": {"widget"},
    "PIL": {"pictures", "masks", "measures", "comparison", "reports", "sandbox"},
    "filelock": {"files"},
    "tornado": {"sandbox"},
    "sqlite3": {"store"},
    "pybase64": {"transport"},
    "platformdirs": {"options"},
    "keyring": {"transport"},
    "google": {"transport"},  # google.colab.userdata: where Colab keeps keys
    "nest_asyncio": {"portal"},
    "numpy": {"pictures", "masks", "measures", "votes", "sandbox"},
    "pandas": {"pictures", "measures", "sweeps", "votes", "reports"},
    "skimage": {"measures"},
    "scipy": {"measures", "votes"},
    "choix": {"votes"},
    "distributed": {"sweeps"},
    "dask": {"sweeps"},
}
#: Beside the standard library; everything else is not a dependency of imgcell.
OUTSIDE = {*HOMES, "ipywidgets", "ipykernel", "traitlets", "tomllib", "tomli", "typing_extensions"}  # the last for type checkers only
FORBIDDEN_NAMES = {"utils", "util", "core", "base", "helpers", "helper", "common", "misc"}
MAX_LINES = 450

MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(path):
    """``imgcell.wire.flow`` for src/imgcell/wire/flow.py."""
    parts = ["imgcell", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module):
    """The part of imgcell that *module* belongs to; ``""`` for the package itself."""
    return module.split(".")[1] if "." in module else ""


def imports_of(path, *, lazy=True):
    """Yield (module, line) for everything the file imports, inside functions too unless *lazy* is False."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    known = {name_of(other) for other in MODULES}

    def visit(node):
        for child in ast.iter_child_nodes(node):
            if not lazy and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if not lazy and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, child.lineno
            elif isinstance(child, ast.ImportFrom):
                origin = child.module or ""
                if child.level:
                    above = package.split(".")[: len(package.split(".")) - child.level + 1]
                    origin = ".".join([*above, *filter(None, [origin])])
                for alias in child.names:
                    inner = f"{origin}.{alias.name}"
                    yield (inner if inner in known else origin), child.lineno
            yield from visit(child)

    yield from visit(tree)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_stands_to_its_left(path):
    """The order of DESIGN.md section 2 holds, for imports inside functions too."""
    part = part_of(name_of(path))
    wrong = []
    for module, line in imports_of(path):
        if module.split(".")[0] != "imgcell":
            continue
        other = part_of(module)
        if part in ("", "__main__") or other == part:
            continue  # the package itself hands names out lazily (tested below)
        if part == "sandbox":
            allowed = other in SANDBOX_MAY
        elif other in ("", "sandbox"):
            allowed = other == "" and part in ("magics", "reports", "widget")  # its version
        else:
            assert part in RANKS, f"{part} has no place in the order: add it to RANKS"
            allowed = RANKS[other] < RANKS[part]
        if not allowed:
            wrong.append(f"{path.name}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_an_outside_library_has_one_home(path):
    """httpx only in the transport, PIL only in the pictures, and nothing that is no dependency."""
    part = part_of(name_of(path))
    wrong = []
    for module, line in imports_of(path):
        top = module.split(".")[0]
        if top in ("imgcell", "__future__") or (top in sys.stdlib_module_names and top not in HOMES):
            continue
        if top not in OUTSIDE:
            wrong.append(f"{path.name}:{line}: {module} is no dependency of imgcell")
        elif part not in HOMES.get(top, {part}):
            wrong.append(f"{path.name}:{line}: {module} lives in {', '.join(sorted(HOMES[top]))}")
        elif part == "wire":
            wrong.append(f"{path.name}:{line}: {module}, but the wire is pure standard library")
    assert not wrong, "\n".join(wrong)


def test_there_are_no_import_cycles():
    """Module-level imports form no circle (inside a package either)."""
    known = {name_of(path): path for path in MODULES}
    edges = {name: {m for m, _ in imports_of(path, lazy=False) if m in known and m != name} for name, path in known.items()}
    done: set[str] = set()

    def walk(name, trail):
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(edges[name]):
                walk(other, [*trail, name])
            done.add(name)

    for name in edges:
        walk(name, [])


def test_nothing_is_named_after_nothing():
    """No module is called utils, core, base, helpers or common: such names say nothing of their job."""
    wrong = [name_of(path) for path in MODULES if FORBIDDEN_NAMES & set(path.relative_to(SOURCE).with_suffix("").parts)]
    assert not wrong


def test_modules_stay_small_and_say_what_they_are_for():
    """Every module is under 450 lines and has a docstring."""
    long = [f"{name_of(p)}: {n}" for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) >= MAX_LINES]
    assert not long
    silent = [name_of(p) for p in MODULES if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert not silent


def test_every_test_says_what_behaviour_it_demands():
    """Each test function has a docstring."""
    silent = []
    for path in sorted((SOURCE.parent.parent / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node):
                silent.append(f"{path.name}::{node.name}")
    assert not silent, "\n".join(silent)


def loaded_by(code, before=""):
    """The names of the modules that a fresh Python loads during *code*, after it has run *before*."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    script = f"import sys\n{before}\nthere = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - there))"
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


HEAVY = {
    *("PIL", "httpx", "httpcore", "anywidget", "ipywidgets", "sqlite3", "IPython", "numpy", "pandas", "tornado"),
    *("asyncio", "tomllib", "tomli", "ssl", "nest_asyncio", "pybase64", "platformdirs"),
}


def test_importing_imgcell_loads_nothing_heavy():
    """``import imgcell`` costs milliseconds: what is heavy is imported on first use."""
    assert not loaded_by("import imgcell") & HEAVY


def test_loading_the_extension_loads_nothing_heavy():
    """``%load_ext imgcell`` in a running IPython adds none of the heavy libraries to what IPython brought."""
    shell = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
    assert not loaded_by("shell.run_line_magic('load_ext', 'imgcell')", before=shell) & HEAVY
