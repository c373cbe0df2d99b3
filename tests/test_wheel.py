"""What is in the wheel, and that it runs from there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

pytest.importorskip("hatchling", reason="the test extra brings hatchling")


@pytest.fixture(scope="module")
def wheel(project, tmp_path_factory):
    """The wheel of this tree, built with what is installed; no network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    result = subprocess.run(build, cwd=project, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_the_tables_and_the_words(wheel, project):
    """Every TOML file, the typing marker, the licence and every module of the tree are in the wheel."""
    names = set(zipfile.ZipFile(wheel).namelist())
    source = project / "src"
    wanted = [p for pattern in ("*.py", "*.toml", "*.css", "py.typed") for p in source.rglob(pattern)]
    assert {p.relative_to(source).as_posix() for p in wanted} <= names
    assert any(name.startswith("imgcell/providers/") and name.endswith(".toml") for name in names)
    assert "imgcell/languages/zh-CN.toml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_is_pure_python_and_has_nothing_else(wheel):
    """Any Python from 3.10 can use it: nothing compiled, no tests, no notebooks."""
    assert wheel.name.endswith("-py3-none-any.whl")
    for name in zipfile.ZipFile(wheel).namelist():
        assert name.startswith(("imgcell/", "imgcell-"))
        assert not name.endswith((".so", ".pyd", ".pyc", ".ipynb"))


def test_a_picture_can_be_made_from_the_wheel_alone(wheel, tmp_path):
    """Without the source tree: the tables, the sandbox and the client are all there."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import imgcell; s = imgcell.Client('sandbox').generate('a lighthouse'); print(imgcell.__file__, s[0].size, s[0].record.format)"
    guard = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), guard]), "IMGCELL_HOME": str(tmp_path / "home")}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert str(tmp_path / "site") in result.stdout
