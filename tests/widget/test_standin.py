"""What a notebook shows where no widget lives."""

from __future__ import annotations

import pytest

from imgcell.pictures.sheet import Sheet
from imgcell.widget import standin


@pytest.fixture
def displayed(monkeypatch):
    """What is displayed and updated, as a list of bundles."""
    import IPython.display

    shown = []

    class Handle:
        def update(self, bundle, raw):
            shown.append(bundle)

    def display(bundle, raw, display_id):
        shown.append(bundle)
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(standin, "shell", object)
    return shown


def test_an_empty_studio_leaves_a_line(displayed):
    """Nothing is drawn for no pictures."""
    standin.StandIn().show(Sheet(running=False))
    (bundle,) = displayed
    assert set(bundle) == {"text/plain", "text/html"}
    assert "no pictures yet" in bundle["text/plain"]


def test_the_contact_sheet_follows_the_pictures(displayed, client):
    """After a run the same output holds one image, and the class by which a live page hides it."""
    made = standin.StandIn()
    made.show(Sheet(running=False))
    made.update(client.generate("<b>a lighthouse</b>", n=2, size="1024x1024", quality="low"))
    bundle = displayed[-1]
    assert bundle["image/jpeg"]
    assert 'class="imgcell-studio-static"' in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
    assert len(bundle["text/html"]) < 500_000


def test_a_warning_stands_there(displayed):
    """What is said when no page answered is part of it, escaped."""
    made = standin.StandIn()
    made.show(Sheet(running=False))
    made.warn("anywidget <0.11>", Sheet(running=False))
    assert "anywidget &lt;0.11&gt;" in displayed[-1]["text/html"]
    assert displayed[-1]["text/plain"].startswith("anywidget <0.11>")
    assert made.warned
    made.warn("", Sheet(running=False))
    assert "anywidget" not in displayed[-1]["text/html"]
    assert not made.warned
