"""What a cell shows while it waits: replaced in place, seldom, and gone at the end."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from imgcell.magics.live import Screen, Watch
from imgcell.pictures.steps import Partial, Progress


class Published:
    """Keeps what is displayed, updates applied to their place."""

    def __init__(self):
        self.places, self.messages = {}, 0

    def publish(self, data, metadata=None, *, transient=None, update=False, **kwargs):
        """As IPython's display publisher."""
        self.messages += 1
        name = (transient or {}).get("display_id", self.messages)
        assert update == (name in self.places)
        self.places[name] = data


@pytest.fixture
def screen(shell, monkeypatch):
    """A screen in what looks like a kernel, and what it published."""
    published = Published()
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(shell, "display_pub", published, raising=False)
    return Screen(shell), published


def test_progress_gives_way_to_the_result(screen):
    """One place: state and partial pictures, replaced as a whole by the static result."""
    screen, published = screen
    watch = Watch(2)
    listen = watch.listener(0)
    listen(Progress("waiting", 0.0, "waiting <b>"))
    screen.update(watch)
    listen(Partial(Image.new("RGB", (2048, 1024), "red"), 0))
    screen.update(watch)
    ((name, shown),) = published.places.items()
    assert "data:image/jpeg;base64," in shown["text/html"]
    assert "<b>" not in shown["text/html"]
    assert len(shown["text/html"]) < 80_000
    assert "0 of 2 done" in shown["text/plain"]
    screen.finish({"image/png": "x", "text/plain": "result"})
    assert published.places == {name: {"image/png": "x", "text/plain": "result"}}


def test_nothing_new_is_not_sent_again(screen):
    """A state that reads as before costs no message."""
    screen, published = screen
    watch = Watch(1)
    watch.listener(0)(Progress("waiting", 0.0, "waiting"))
    line = watch.line()
    watch.line = lambda: line
    for _ in range(5):
        screen.update(watch)
    assert published.messages == 1


def test_a_failure_leaves_a_line_only_where_progress_was(screen):
    """A cell that fails at once shows nothing but its error."""
    screen, published = screen
    screen.fail("No picture after 0 s.")
    assert published.messages == 0
    screen.update(Watch(1))
    screen.fail("No picture after 1 s.")
    (shown,) = published.places.values()
    assert shown == {"text/plain": "No picture after 1 s."}


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self):
        """It is one."""
        return True


def test_a_terminal_has_one_line(shell, monkeypatch):
    """Without a kernel one line of stderr is rewritten, and blank at the end; into a file nothing is written."""
    for stream, lines in ((Terminal(), 1), (io.StringIO(), 0)):
        monkeypatch.setattr("sys.stderr", stream)
        screen = Screen(shell)
        watch = Watch(1)
        watch.listener(0)(Progress("waiting", 0.0, "waiting"))
        screen.update(watch)
        screen.fail("")
        text = stream.getvalue()
        assert "\n" not in text
        assert ("waiting" in text) == bool(lines)
        assert not text.split("\r")[-1].strip()
