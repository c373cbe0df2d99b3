"""Differences of prompts by words, in scripts with spaces and without."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.pictures.wording import diff, diff_text, kept_share, rewritten, tokens

SOME_WORDS = st.lists(
    st.sampled_from(["red", "kite", "kite,", " ", "\n", "16:9", "灯塔", "的", "海边", "，", "don't", "é", "🪁", "ไทย", "_", "."]),
    max_size=30,
).map(" ".join) | st.text(max_size=60)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("a red kite", "a bright red kite at dusk", "a {+bright+} red kite {+at dusk+}"),
        ("A red  kite.", "a red kite.", "a red kite."),
        ("a photo of 16:9", "a photo of 4:3", "a photo of [-16:9-]{+4:3+}"),
        ("黄昏的海边", "黎明的海边", "[-黄昏-]{+黎明+}的海边"),
        ("一只猫坐在窗台上", "一只橘色的小狗坐在沙发上", "一只[-猫-]{+橘色的小狗+}坐在[-窗台-]{+沙发+}上"),
        ("横版 16:9 老灯塔", "一幅横版 16:9 的画面，老灯塔", "{+一幅+}横版 16:9 {+的画面，+}老灯塔"),
        ("make it 夜晚", "make it 夜晚 with stars", "make it 夜晚 {+with stars+}"),
        ("", "new", "{+new+}"),
        ("gone", "", "[-gone-]"),
    ],
)
def test_a_difference_reads_as_words(before, after, line):
    """Words are whole in every script; what was taken away stands before what came; spaces and capitals are no change."""
    assert diff_text(before, after) == line


def test_a_chinese_word_is_not_torn_by_a_character_in_common():
    """One character between two changes goes with them; two stay."""
    assert [span.kind for span in diff("红色的大风筝", "蓝色的小风筝")] == ["removed", "added", "same", "removed", "added", "same"]
    assert diff_text("白天的老屋", "黑夜的新房") == "[-白天的老屋-]{+黑夜的新房+}"


@given(SOME_WORDS)
def test_words_joined_are_the_text(text):
    """No character is lost or doubled, whatever it is."""
    assert "".join(tokens(text)) == text


@given(SOME_WORDS, SOME_WORDS)
@settings(max_examples=200, deadline=None)
def test_a_difference_holds_both_texts(before, after):
    """Without what was added it is the old text, spaces and capitals aside; without what was removed it is the new one, exactly."""
    spans = diff(before, after)
    assert "".join(span.text for span in spans if span.kind != "removed") == after
    old = "".join(span.text for span in spans if span.kind != "added")
    assert "".join(old.split()).casefold() == "".join(before.split()).casefold()
    assert all(one.kind != other.kind for one, other in itertools.pairwise(spans))


def test_what_is_kept_is_a_share_of_the_prompt():
    """All of it, none of it, half of it."""
    assert kept_share("a b", "a x b") == 1.0
    assert kept_share("aa bb", "cc bb") == 0.5
    assert kept_share("aa", "bb") == 0.0
    assert kept_share("", "bb") == 1.0


def test_a_very_long_text_is_compared_by_sentences():
    """Ten thousand words are still compared, and what was put in between is found."""
    before = "".join(f"Sentence number {number} of many, with some words in it. " for number in range(1200))
    after = before.replace("Sentence number 700 ", "A new one. Sentence number 700 ")
    spans = diff(before, after)
    assert [(span.kind, span.text) for span in spans if span.kind != "same"] == [("added", "A new one. ")]


def test_other_spaces_are_no_rewriting():
    """A provider that gives the prompt back, or nothing, has not rewritten it."""
    assert rewritten("a kite", "a red kite")
    assert not rewritten("a kite", "a  kite\n")
    assert not rewritten("a kite", "")
    assert not rewritten("a kite", None)
