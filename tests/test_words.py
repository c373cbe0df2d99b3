"""The words around the code: the README runs, its translation is the same, nothing points where it should not."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

READMES = ["README.md", "README.zh-CN.md"]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text, language):
    """The fenced blocks of *language*."""
    return [body for kind, body in FENCE.findall(text) if kind == language]


@pytest.mark.parametrize("name", READMES)
def test_the_python_of_the_readme_runs(name, project, tmp_path, monkeypatch, capsys):
    """The Python blocks run in their order, in one namespace, on the sandbox with no key."""
    monkeypatch.chdir(tmp_path)
    found = blocks((project / name).read_text(encoding="utf-8"), "python")
    assert found
    namespace = {}
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{name}, block {number}", "exec"), namespace)


@pytest.mark.parametrize("name", READMES)
def test_the_cells_of_the_readme_run(name, project, tmp_path, monkeypatch):
    """The notebook cells (```ipython blocks, split at empty lines before a magic) run in a shell on the sandbox."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.chdir(tmp_path)
    cells = [cell for block in blocks((project / name).read_text(encoding="utf-8"), "ipython") for cell in re.split(r"\n\n(?=%)", block)]
    assert cells
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    try:
        for cell in cells:
            result = shell.run_cell(cell.strip() + "\n", store_history=False)
            assert result.success, f"{cell}\n{result.error_in_exec or result.error_before_exec!r}"
        assert "_images" in shell.user_ns
    finally:
        shell.run_cell("%unload_ext imgcell")
        InteractiveShell.clear_instance()


def test_both_readmes_show_the_same_code(project):
    """The Chinese README has the same blocks in the same order (prompts may differ) and the same pictures."""
    english, chinese = ((project / name).read_text(encoding="utf-8") for name in READMES)
    for language in ("python", "ipython", "sh", "toml"):
        assert len(blocks(english, language)) == len(blocks(chinese, language)), language
    picture = re.compile(r"docs/pictures/[\w.-]+")
    assert picture.findall(english) == picture.findall(chinese)


@pytest.mark.parametrize("name", READMES)
def test_the_files_that_the_readme_names_exist(name, project):
    """Every relative link and picture leads to a file of this repository."""
    text = (project / name).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text) if "://" not in t]
    assert targets
    missing = [target for target in targets if not (project / target).exists()]
    assert not missing


def test_no_file_names_a_package_registry(project):
    """Where packages come from is the business of whoever installs them: no host of a registry, no CDN, anywhere."""
    # In pieces, or this file would find itself.
    hosts = [
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "registry.npmjs" + ".org",
        "deb.debian" + ".org",
        "unpkg" + ".com",
        "jsdelivr" + ".net",
    ]
    hosts += ["esm" + ".sh", "cdnjs" + ".cloudflare", "conda" + ".anaconda", "mirrors.aliyun" + ".com", "tuna.tsinghua" + ".edu"]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=project, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    wrong = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = project / name
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "ignore")
            wrong += [f"{name}: {host}" for host in hosts if host in text]
    assert not wrong, "\n".join(wrong)


def test_notebooks_are_stored_without_outputs(project):
    """A notebook in the repository has no outputs and no execution counts: a difference is a difference of words."""
    paths = sorted((project / "notebooks").glob("*.ipynb"))
    assert paths
    for path in paths:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                assert cell["execution_count"] is None
