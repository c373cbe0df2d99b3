"""Where the library is."""

from __future__ import annotations

import pytest

from imgcell.options import home


@pytest.mark.parametrize("nothing", ["", "  ", "\n"])
def test_an_empty_variable_names_no_folder(monkeypatch, nothing):
    """Nothing but white space is as good as unset: the platform's folder, not one of that name in the current one."""
    monkeypatch.delenv("IMGCELL_HOME")
    usual = home()
    monkeypatch.setenv("IMGCELL_HOME", nothing)
    assert home() == usual


def test_spaces_and_chinese_in_its_name(monkeypatch, tmp_path):
    """A folder is what its name says."""
    monkeypatch.setenv("IMGCELL_HOME", str(tmp_path / "我的 图库"))
    assert home() == tmp_path / "我的 图库"
