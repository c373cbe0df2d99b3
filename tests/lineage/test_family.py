"""Parents, children and the whole family of a picture."""

from __future__ import annotations

import json
import os
import pickle
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

import imgcell
from imgcell.errors import StorageError


def test_parents_and_children_of_edits(client, photo):
    """Parents come in the order of the request, a file of the user's own among them; children know their parents."""
    base = client.generate("a lighthouse", size="512x512")[0]
    mask = Image.new("L", base.size, 255)
    edit = client.edit("make it night", images=[base, photo], mask=mask)[0]
    assert len(base.parents) == 0
    assert [parent.record.kind for parent in edit.parents] == ["generate", "given"]
    assert edit.parents[0].record.id == base.record.id
    assert edit.parents[1].data == photo.read_bytes()
    assert edit.parents[1].record.id == edit.record.inputs[1]
    assert edit.parents[1].getpixel((3, 3)) == (255, 200, 0)
    assert [child.record.id for child in base.children] == [edit.record.id]
    assert [child.record.id for child in edit.parents[1].children] == [edit.record.id]


def test_lineage_holds_through_the_users_own_processing(client):
    """What PIL made of a picture still knows where it came from; the edge says that it was modified."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base.resize((256, 256)).convert("L")])[0]
    assert edit.record.parents == (base.record.id,)
    again = client.edit("less fog", images=[edit])[0]
    lineage = again.lineage()
    assert [step.record.id for step in lineage.steps] == [base.record.id, edit.record.id, again.record.id]
    edges = {one["id"]: one["inputs"] for one in lineage.to_json()["pictures"]}
    assert [one["modified"] for one in edges[edit.record.id]] == [True]
    assert [one["modified"] for one in edges[again.record.id]] == [False]
    assert "modified" in str(lineage).splitlines()[2]
    assert "modified" not in str(lineage).splitlines()[3]


def test_an_input_as_it_was_sent_stays_a_changed_version(client):
    """Handed in again, the changed pixels that were sent once still belong to the picture that they were made from."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base.resize((256, 256))])[0]
    again = edit.replay(client=client, from_=-1)[0]
    assert again.record.parents == edit.record.parents == (base.record.id,)
    assert again.record.modified == (0,)
    assert again.record.inputs == edit.record.inputs


def test_pictures_of_no_library_know_what_is_in_memory(server):
    """Without a library, parents are those that somebody still has; what is not known is a reason, never a crash."""
    client = imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False)
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base])[0]
    assert [parent.record.id for parent in edit.parents] == [base.record.id]
    foreign = Image.new("RGB", (64, 64), "navy")
    foreign.info["imgcell"] = "p-of-another-time"
    lost = client.edit("less fog", images=[foreign])[0]
    assert len(lost.parents) == 0
    assert "no library" in str(lost.parents.errors[0])
    assert "no library" in str(base.children.errors[0])
    assert len(lost.lineage()) == 2
    assert "missing" in str(lost.lineage())
    assert base.rating is None
    assert base.tags == ()
    with pytest.raises(StorageError, match="no library"):
        base.rating = 3
    client.close()


def test_pictures_out_of_a_pickle(client):
    """A picture that was pickled shows itself and the ids that it knows."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base])[0]
    name, parent = edit.record.id, base.record.id
    pickled = pickle.dumps(edit)
    del base, edit
    back = pickle.loads(pickled)
    assert [one["id"] for one in back.lineage().to_json()["pictures"]] == [name, parent]
    assert len(back.parents) == 0
    assert parent in str(back.parents.errors[0])


def test_stars_tags_and_notes(client):
    """What is said of a picture is kept in the library, whoever looks it up."""
    picture = client.generate("a lighthouse", size="512x512")[0]
    assert (picture.rating, picture.tags, picture.note) == (imgcell.library().annotation(picture.record.id).rating, (), None)
    picture.rating = 4
    picture.tags = ["海", "keep"]
    picture.note = "für das Plakat"
    found = imgcell.library().picture(picture.record.id)
    assert (found.rating, set(found.tags), found.note) == (4, {"海", "keep"}, "für das Plakat")
    found.note = found.tags = found.rating = None
    assert (picture.rating, picture.tags, picture.note) == (0, (), None)


def test_what_is_deleted_or_gone_is_shown_as_such(shelf):
    """Ancestors that were deleted, or that nobody has, stand in the tree by their ids; steps end there."""
    shelf.add("p-a")
    shelf.add("p-b", "p-a", "p-gone")
    last = shelf.add("p-c", "p-b")
    shelf.delete("p-a")
    lines = str(last.lineage()).splitlines()
    assert re.match(r"p-a · deleted", lines[1])
    assert [step.record.id for step in last.lineage().steps] == ["p-b", "p-c"]
    assert {one["id"]: one["state"] for one in last.lineage().to_json()["pictures"]}["p-gone"] == "missing"
    middle = last.parents[0]
    assert len(middle.parents) == 0
    assert ["deleted" in str(error) for error in middle.parents.errors] == [True, False]
    html = last.lineage().to_html()
    assert ">deleted<" in html
    assert ">missing<" in html


def test_a_picture_whose_file_is_gone(shelf):
    """A record without its file is a place in the tree and an error among the parents."""
    first = shelf.add("p-a")
    last = shelf.add("p-b", "p-a")
    os.remove(first.source.path)
    del shelf.blobs[first.record.sha256]
    del first
    assert [len(last.parents), len(last.parents.errors)] == [0, 1]
    assert "∅" in last.lineage().to_html()


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Called by the parser."""
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data):
        """Called by the parser."""
        self.words.append(data)


def test_the_page_escapes_everything_and_loads_nothing(shelf):
    """A prompt is text wherever it stands; the only addresses are data: ones; there is no script."""
    nasty = "<script>alert(1)</script> \"' onerror=x & <img src=http://e.vil/x>\u202e"
    shelf.add("p-a", prompt=nasty, provider="<b>p</b>", model="<i>m</i>")
    last = shelf.add("p-b", "p-a", "sha256:" + "0" * 64, prompt=nasty * 50)
    page = Tags(last.lineage().to_html())
    assert set(page.tags) <= {"div", "span", "b", "i", "code", "img"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("data:image/") for name, value in page.attributes if name in ("src", "href"))
    assert any("<script>alert(1)</script>" in words for words in page.words)
    assert "\u202e" not in last.lineage().to_html()
    assert "\u202e" not in str(last.lineage())


def test_every_edge_says_prompt_mask_provider_and_cost(shelf):
    """Both forms name what was asked, of whom, for how much; a cost that is not known says so."""
    shelf.add("p-a")
    last = shelf.add("p-b", "p-a", prompt="让灯塔亮起来", mask="sha256:" + "1" * 64, cost=None, provider="apiyi", model="gpt-image-2-all")
    first, second = str(last.lineage()).splitlines()[1:]
    assert "≈ $0.04" in first
    for words in ("让灯塔亮起来", "apiyi / gpt-image-2-all", "cost unknown", "mask"):
        assert words in second
        assert words in "".join(Tags(last.lineage().to_html()).words)


def test_the_mask_is_shown_over_the_picture(client):
    """The edge of a masked edit carries a thumbnail in which what is to be edited is red."""
    base = client.generate("a lighthouse", size="512x512")[0]
    mask = Image.new("L", base.size, 0)
    mask.paste(255, (0, 0, 256, 512))
    edit = client.edit("make it night", images=[base], mask=mask)[0]
    page = Tags(edit.lineage().to_html())
    addresses = [value for name, value in page.attributes if name == "src"]
    assert len(addresses) == 3  # two pictures, one mask
    import base64
    import io

    shown = Image.open(io.BytesIO(base64.b64decode(addresses[1].partition(",")[2]))).convert("RGB")
    left, right = shown.getpixel((shown.width // 4, shown.height // 2)), shown.getpixel((shown.width * 3 // 4, shown.height // 2))
    assert left[0] > left[1] + 60
    assert max(right) - min(right) < 25


def test_branches_and_other_inputs(shelf):
    """Every picture stands in the tree once, below its first made input; other inputs and their origin are there too."""
    shelf.add("p-a")
    shelf.add("p-b", "p-a")
    shelf.add("p-x")
    both = shelf.add("p-c", "p-b", "p-x")
    shelf.add("p-d", "p-c")
    lines = str(both.lineage()).splitlines()[1:]
    names = [re.search(r"p-\w", line).group() for line in lines]
    assert names == ["p-a", "p-b", "p-c", "p-d", "p-x"]
    assert lines[2].startswith("   └─ [2] p-c")
    assert "+ p-x" in lines[2]
    assert "this one" in lines[2]
    assert "Where other inputs come from" in both.lineage().to_html()
    assert json.loads(json.dumps(both.lineage().to_json()))["steps"] == ["p-a", "p-b", "p-c"]


def test_a_picture_that_was_saved_and_handed_in_as_a_file(client, tmp_path):
    """What was made of a picture's file counts among what was made of the picture."""
    base = client.generate("a lighthouse", size="512x512")[0]
    base.save(tmp_path / "base.png")
    edit = client.edit("more fog", images=[tmp_path / "base.png"])[0]
    assert [child.record.id for child in base.children] == [edit.record.id]
    lines = str(base.lineage()).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith(f"└─ {edit.record.id}")


def test_an_edit_of_a_photograph_begins_with_it(client, photo):
    """Where a line begins with a picture of the user's own, that stands at the root of the tree."""
    first = client.edit("paint it", images=[photo])[0]
    lines = str(first.lineage()).splitlines()
    assert "given" in lines[1]
    assert lines[2].startswith("└─ [0]")


def test_records_that_go_round_in_circles(shelf):
    """Files that somebody wrote by hand may name each other: every picture is still shown once."""
    shelf.add("p-a", "p-c")
    shelf.add("p-b", "p-a")
    last = shelf.add("p-c", "p-b")
    shelf.add("p-s", "p-s")
    assert len(last.lineage()) == 3
    assert [line[4:7] for line in str(last.lineage()).splitlines()[1:]] == ["p-a", "p-b", "p-c"]
    assert last.lineage().to_html().count("<img") == 3
    assert len(shelf.add("p-t", "p-s").lineage().steps) == 2


def test_at_most_two_hundred_pictures(shelf):
    """A family without end is cut, and the tree says so; long chains are no problem of depth."""
    last = shelf.add("p-0")
    for number in range(1, 230):
        last = shelf.add(f"p-{number}", f"p-{number - 1}")
    lineage = last.lineage()
    assert len(lineage) == 200
    assert not lineage.to_json()["complete"]
    assert "more pictures than the 200" in str(lineage)
    assert "more pictures than the 200" in lineage.to_html()
    assert len(lineage.to_html()) < 1_000_000
    assert len(lineage.steps) == 230
    assert str(lineage).splitlines()[1].startswith("[30] p-30 ")
    wide = shelf.add("p-w")
    for number in range(12):
        shelf.add(f"p-w{number}", "p-w")
    assert len(wide.lineage()) == 13
    assert wide.lineage().to_json()["complete"]
