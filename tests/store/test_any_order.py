"""Whatever is done to a library, in whatever order: what is found is what is there."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.providers.prices import Cost
from imgcell.store import Annotation, Library
from imgcell.store.index import NAME

WORDS = ["灯塔", "海边的猫", "lighthouse", "night", "🐱"]


class AnyOrder(RuleBasedStateMachine):
    """A library beside a plain dictionary that does the same."""

    kept = Bundle("kept")
    binned = Bundle("binned")

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home = self.folder / "library"
        self.library = Library(self.home)
        self.ledger = Ledger(self.home)
        self.here, self.trash, self.said, self.spent = {}, {}, {}, 0

    def teardown(self):
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(
        target=kept,
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
        data=st.binary(min_size=1, max_size=1),
        named=st.booleans(),
    )
    def make(self, words, data, named):
        """A picture of few kinds of bytes, so that some are there twice."""
        prompt = ", ".join(words)
        attempt = self.ledger.open({"prompt": prompt, "provider": "box", "pictures": 1}, room=1000)
        extract = attempt.extract()
        extract.write(data)
        name = f"p-{attempt.id[2:]}-0"
        known = {"provider": "box", "model": words[0], "attempt": attempt.id, "cost": Cost(0.25, "USD", "billed")}
        record = Record(id=name, sha256=extract.sha256, bytes=1, prompt=prompt, **known)
        assert self.library.keep(extract, record).problem is None
        # Earlier versions did not name what came.
        attempt.finish("done", **({"records": [name], "cost": dataclasses.asdict(record.cost)} if named else {}))
        self.here[name] = record
        self.spent += 0.25
        return name

    @rule(target=binned, name=consumes(kept))
    def delete(self, name):
        """Move it to the trash."""
        self.library.delete(name)
        self.trash[name] = self.here.pop(name)
        return name

    @rule(target=kept, name=consumes(binned))
    def restore(self, name):
        """Move it back."""
        self.library.restore(name)
        self.here[name] = self.trash.pop(name)
        return name

    @rule(
        name=kept,
        rating=st.integers(0, 5),
        tags=st.lists(st.sampled_from(["a", "夜"]), unique=True),
        note=st.sampled_from(["", "nice 漂亮"]),
    )
    def annotate(self, name, rating, tags, note):
        """Say something of it."""
        self.library.annotate(name, rating=rating, tags=tags, note=note)
        self.said[name] = Annotation(rating, tuple(tags), note)

    @rule()
    def make_the_index_anew(self):
        """From the files."""
        self.library.rebuild()

    @rule()
    def lose_the_index(self):
        """Somebody removes the file."""
        (self.home / NAME).unlink(missing_ok=True)

    @rule()
    def break_the_index(self):
        """Somebody writes over the file."""
        if (self.home / NAME).exists():
            (self.home / NAME).write_bytes(b"broken" * 2000)

    @rule()
    def start_again(self):
        """As another process."""
        self.library = Library(self.home)

    @rule(target=kept)
    def move_house(self):
        """Out, and in elsewhere: the trash stays behind."""
        other = Library(self.folder / f"library-{self.spent}-{len(list(self.folder.iterdir()))}")
        assert other.import_(self.library.export(self.folder / "out")) == len(self.here)
        shutil.rmtree(self.folder / "out")
        assert {record.id for record in other.find(limit=None)} == set(self.here)
        assert sum(total.amount for total in other.totals()) == self.spent
        return multiple()

    @invariant()
    def what_is_found_is_what_is_there(self):
        """Newest first, by words, stars, tags, model; the bill; all bytes."""
        newest = sorted(self.here.values(), key=lambda record: record.created, reverse=True)
        assert self.library.find(limit=None) == newest
        for word in ("灯", "海边", "light", "🐱", "漂亮"):
            there = [r for r in newest if word in r.prompt or word in self.said.get(r.id, Annotation()).note]
            assert self.library.find(word, limit=None) == there
        assert self.library.find(rating=3) == [r for r in newest if self.said.get(r.id, Annotation()).rating >= 3]
        assert self.library.find(tag="夜") == [r for r in newest if "夜" in self.said.get(r.id, Annotation()).tags]
        assert self.library.find(model="night", limit=1) == [r for r in newest if r.model == "night"][:1]
        assert {record.id for record in self.library.trash()} == set(self.trash)
        assert sum(total.amount for total in self.library.totals()) == self.spent
        for record in (*self.here.values(), *self.trash.values()):
            assert self.library.blob(record.sha256).size == 1

    @invariant()
    def it_is_whole(self):
        """By its own account."""
        report = self.library.verify()
        assert report.ok, str(report)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
