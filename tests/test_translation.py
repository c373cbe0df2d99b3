"""The catalogue of every language has every sentence, and only those."""

from __future__ import annotations

import ast
import json
import string
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "imgcell"
CATALOGUES = sorted((SOURCE / "languages").glob("*.toml"))


def calls_of_tr():
    """Yield (where, the first argument's node, the names of the keyword arguments) for every ``tr(…)`` in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                where = f"{path.relative_to(SOURCE)}:{node.lineno}"
                yield where, node.args[0] if node.args else None, {keyword.arg for keyword in node.keywords}


def templates():
    """Every sentence of the program, in the order of the source, with the place where it stands first."""
    found = {}
    for where, node, _ in calls_of_tr():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.setdefault(node.value, where)
    return found


def placeholders(template):
    """The names in braces; a template without any is shown as it is, braces and all."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def messages(path):
    """The sentences of a catalogue."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))["messages"]


def test_every_sentence_is_written_where_it_is_needed():
    """``tr`` is given a literal, so that a catalogue can be checked without running anything."""
    wrong = [where for where, node, _ in calls_of_tr() if not (isinstance(node, ast.Constant) and isinstance(node.value, str))]
    assert not wrong, f"tr() wants a literal template here: {', '.join(wrong)}"


def test_every_placeholder_is_given_a_value():
    """The names in braces are exactly the keyword arguments of the call."""
    wrong = []
    for where, node, names in calls_of_tr():
        if not isinstance(node, ast.Constant) or None in names:
            continue  # tr(…, **values): what they are is known only when it runs
        if names and placeholders(node.value) != names:
            wrong.append(f"{where}: {sorted(placeholders(node.value))} in the sentence, {sorted(names)} given")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_lacks_no_sentence(path):
    """What is missing is printed as TOML, ready to be translated."""
    there = messages(path)
    missing = {template: where for template, where in templates().items() if template not in there}
    lines = [
        f"# {where}\n{json.dumps(template, ensure_ascii=False)} = {json.dumps(template, ensure_ascii=False)}"
        for template, where in missing.items()
    ]
    assert not missing, f"{path.name} lacks {len(missing)} sentences:\n\n" + "\n".join(lines)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_nothing_stale(path):
    """A sentence that the program no longer says leaves the catalogue too."""
    stale = set(messages(path)) - set(templates())
    assert not stale, f"{path.name} translates what is no longer said:\n" + "\n".join(sorted(stale))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_the_same_placeholders(path):
    """A translated sentence shows the same values, in whatever order, and is not empty."""
    wrong = [template for template, text in messages(path).items() if not text or placeholders(template) != placeholders(text)]
    assert not wrong, f"{path.name}: other placeholders than the English sentence:\n" + "\n".join(wrong)


def test_a_chinese_session_reads_chinese(fresh_options):
    """The catalogue is really used."""
    from imgcell.language import tr

    template, text = next((k, v) for k, v in messages(SOURCE / "languages" / "zh-CN.toml").items() if not placeholders(k))
    fresh_options.language = "zh-CN"
    assert tr(template) == text != template  # a template handed over as a variable: only tests may
