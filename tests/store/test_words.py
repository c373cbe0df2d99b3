"""Text as words: whatever stands in a prompt is found, in any script, and no question is taken for an operator."""

from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.store import schema
from imgcell.store.words import cut, fold, question

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF) | st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF)
KANA = st.sampled_from([chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC)])
HANGUL = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
RUN = st.text(HAN | KANA | HANGUL, min_size=1, max_size=30)


@pytest.fixture(scope="module")
def found():
    """Tell whether a question finds a text, by the same table that the index has."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    schema.create(connection)
    connection.execute("COMMIT")

    def ask(text, asked):
        connection.execute("DELETE FROM words")
        connection.execute("INSERT INTO words (prompt) VALUES (?)", (cut(text),))
        match = question(asked)
        return match is not None and connection.execute("SELECT 1 FROM words WHERE words MATCH ?", (match,)).fetchone() is not None

    yield ask
    connection.close()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("黄昏海边的老灯塔", "灯"),
        ("黄昏海边的老灯塔", "塔"),
        ("黄昏海边的老灯塔", "海边"),
        ("黄昏海边的老灯塔", "昏海边的老"),
        ("黄昏海边的老灯塔", "灯塔 黄昏"),
        ("a Lighthouse at dusk", "light"),
        ("a Lighthouse at dusk", "DUSK lighthouse"),
        ("3D渲染的gpt-image风格", "3d 渲染"),
        ("3D渲染的gpt-image风格", "image"),
        ("３Ｄ ＬＩＧＨＴ", "3d light"),
        ("Café Ångström", "cafe angstrom"),
        ("cafe", "Café"),
        ("ein großes Haus", "GROSSES"),
        ("ガラスの靴", "ガラス"),
        ("夜の灯台でー", "灯台"),
        ("서울의 밤거리", "밤거"),
        ("ประภาคารริมทะเล", "ริม"),
        ("हिन्दी में चित्र", "हिन्दी"),
        ("मीनार", "मी"),
        ("a cat 🐱 on a mat", "🐱"),
        ("👩‍🚀 in space", "👩"),
        ("\U0002b820\U0002b821\U0002b822", "\U0002b821\U0002b822"),
        ("привет мир", "ПРИВ"),
        ("it's 50% off", "it's"),
    ],
)
def test_what_a_person_looks_for_is_found(found, text, asked):
    """Chinese of one, two and more characters, beginnings of words, any case, width and accent, emoji."""
    assert found(text, asked)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("黄昏海边", "黄海"),
        ("黄昏 海边", "昏海"),
        ("lighthouse", "house"),
        ("海边", "海边的"),
        ("cat", "dog"),
        ("🐱", "🐶"),
        ("灯塔", "灯 light"),
    ],
)
def test_what_is_not_there_is_not_found(found, text, asked):
    """Characters must stand side by side, and words begin as asked."""
    assert not found(text, asked)


@settings(max_examples=150, deadline=None)
@given(before=st.text(max_size=10), run=RUN, after=st.text(max_size=10), data=st.data())
def test_every_piece_of_a_run_is_found(found, before, run, after, data):
    """Whatever is cut out of Chinese, Japanese or Korean text finds it, whatever else the text holds."""
    start = data.draw(st.integers(0, len(run) - 1))
    end = data.draw(st.integers(start + 1, len(run)))
    assert found(f"{before} {run} {after}", run[start:end])
    assert found(f"x{run}y", run[start:end])


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(st.text("abcdefghijklmnopqrstuvwxyzéñßжщ0123456789", min_size=1, max_size=12), min_size=1, max_size=8), data=st.data()
)
def test_every_beginning_of_every_word_is_found(found, words, data):
    """In any order and any case."""
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=4))
    asked = [word[: data.draw(st.integers(1, len(word)))] for word in chosen]
    assert found(", ".join(words), " ".join(asked))
    assert found(", ".join(words), " ".join(asked).upper())


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40) | st.text('"*^():{}[]-+~,.|&ANDORNT \x00\ud800', max_size=40))
def test_no_question_is_a_syntax_error(found, text):
    """Quotes, stars, operators, null characters, lone surrogates: words or nothing, never an error; a text finds itself."""
    assert found(text, text) == (question(text) is not None)


@pytest.mark.parametrize(
    "asked", ['"', "*", "NEAR(a b)", 'a" OR "b', "prompt:x", "a AND", "-x", "^x", "(((", "'; DROP TABLE words; --", "\ud800", ""]
)
def test_operators_are_words(found, asked):
    """FTS5's own language is not spoken: "OR" is a word."""
    assert not found("lighthouse", asked)


def test_or_is_a_word_like_others(found):
    """... that is found where it stands."""
    assert found("this or that", "OR")
    assert not found("this that", "this OR that")


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    """What was folded when it was stored and what is folded when it is asked for are the same."""
    assert fold(fold(text)) == fold(text)
    assert "\ud800" not in fold(text)
    assert not [character for character in cut(text) if unicodedata.category(character) == "Cc"]


def test_a_question_of_any_length_is_asked():
    """A whole prompt that was pasted: only its beginning is looked for."""
    asked = question("灯塔海边黄昏" * 10_000)
    assert asked is not None
    assert len(asked) < 5000
