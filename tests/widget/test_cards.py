"""What a card is told of a picture: what was asked for beside what came, and how the prompt was rewritten."""

from __future__ import annotations

import json

from imgcell.pictures.record import Record
from imgcell.widget import cards


def finished(**facts):
    """The card of a picture with these facts."""
    record = Record(**{"id": "p-1", "sha256": "0" * 64, "prompt": "a kite", "provider": "sandbox", "model": None, **facts})
    card = cards.empty("card")
    cards.finished(card, record)
    assert json.loads(json.dumps(card)) == card
    return card


def test_a_card_sets_what_came_beside_what_was_asked_for():
    """Kept, broken and unknown are told apart; what the provider falsely states is no fact of the picture."""
    effective = {"size": "1254x1254", "transparency": 0.0, "background": "opaque", "stated": {"background": "transparent"}}
    card = finished(
        requested={"size": "1024x1024", "background": "transparent", "quality": "high", "output_format": "png"},
        effective=effective,
        size=(1254, 1254),
        format="PNG",
    )
    assert card["honored"] == [
        {"name": "size", "asked": "1024x1024", "got": "1254x1254", "met": False},
        {"name": "ratio", "asked": "1:1", "got": "1:1", "met": True},
        {"name": "output_format", "asked": "png", "got": "png", "met": True},
        {"name": "background", "asked": "transparent", "got": "opaque", "met": False},
        {"name": "quality", "asked": "high", "got": None, "met": None},
    ]
    assert "stated" not in card["effective"]
    assert finished()["honored"] == []


def test_a_card_shows_how_the_prompt_was_rewritten():
    """What was taken away and added, cleaned of what could make a line read otherwise; nothing where nothing was rewritten."""
    card = finished(prompt="黄昏的海边", revised_prompt="黎明的海边\u202e")
    assert card["rewritten"] == [
        {"kind": "removed", "text": "黄昏"},
        {"kind": "added", "text": "黎明"},
        {"kind": "same", "text": "的海边"},
    ]
    assert finished(revised_prompt=" a  kite")["rewritten"] == []
    long = finished(prompt="a " * 9000, revised_prompt="b " * 9000)
    assert sum(len(span["text"]) for span in long["rewritten"]) <= 4000
