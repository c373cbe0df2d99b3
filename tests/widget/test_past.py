"""The library, seen through a page: history, lineage, stars, deleting, code."""

from __future__ import annotations

import imgcell


def test_history_comes_in_pages_newest_first(page, client, server):
    """Every picture of the library once, a page at a time; words find in any script."""
    for number in range(7):
        client.generate(f"picture {number} 灯塔" if number % 2 else f"picture {number}", size="1024x1024", quality="low")
    seen, before = [], None
    while True:
        part = page.ask("history", text="", before=before, limit=3)
        seen += [card["prompt"] for card in part["cards"]]
        before = part["before"]
        if not part["more"]:
            break
    assert [prompt.split()[1] for prompt in seen] == list("6543210")
    found = page.ask("history", text="灯", before=None, limit=50)
    assert [card["prompt"] for card in found["cards"]] == ["picture 5 灯塔", "picture 3 灯塔", "picture 1 灯塔"]
    assert found["cards"][0]["key"] == found["cards"][0]["id"]
    for nonsense in ("yesterday", "", "2026-01-01 x", "9999-12-31T23:59:59+00:00 x"):
        assert page.refused("history", text="", before=nonsense, limit=3)["kind"] == "InvalidJobError"


def test_pictures_of_the_same_moment_are_not_lost_between_pages(page, client, studio):
    """Several pictures of one request have the same time; a page may end between them."""
    client.generate("four at once", n=4, size="1024x1024", quality="low")
    first = page.ask("history", text="", before=None, limit=1)
    ids = [card["id"] for card in first["cards"]]
    while first["more"]:
        first = page.ask("history", text="", before=first["before"], limit=1)
        ids += [card["id"] for card in first["cards"]]
    assert len(ids) == len(set(ids)) == 4


def test_what_the_history_shows_can_be_used(page, client, studio):
    """A picture of the library has no card of this Studio, and can be a reference, be selected, starred and fetched."""
    identity = client.generate("from before", size="1024x1024", quality="low")[0].record.id
    (card,) = page.ask("history", text="before", before=None, limit=1)["cards"]
    assert card["id"] == identity
    assert page.ask("reference-from-card", card=identity)["reference"]["id"] == identity
    page.write(view={**studio.widget.view, "selected": [identity, "nobody"]})
    assert [picture.record.id for picture in studio.selected] == [identity]
    page.ask("star", id=identity, stars=3)
    page.ask("tag", id=identity, tags=["sea", "海"])
    page.ask("note", id=identity, text="the best\none")
    (card,) = page.ask("history", text="海", before=None, limit=1)["cards"]
    assert (card["stars"], card["tags"]) == (3, ["sea", "海"])
    assert "the best" in card["note"]
    assert imgcell.library().annotation(identity).rating == 3
    assert page.refused("star", id=identity, stars=6)
    assert page.refused("star", id="p-20260101-000000-abcdefg-0", stars=1)
    assert page.ask_bytes("fetch-image", sha=card["sha"], box=256, base64=False)[1]


def test_lineage_is_the_chain_of_edits(page, run, upload, painted):
    """The steps are oldest first, begin with what was given, and name mask and cost."""
    given = upload(painted((256, 256)), "mine.png")
    mask = page.ask("mask", painted((256, 256), "L", 0, (0, 0, 99, 99)), reference=given["key"], data=None)["mask"]
    first = page.until_state(run("make it blue", references=[given["key"]], mask=mask["mask"])[0], "done")
    reference = page.ask("reference-from-card", card=first["key"])["reference"]
    second = page.until_state(run("now red", references=[reference["key"]])[0], "done")
    assert second["parents"] == [first["id"]]
    steps = page.ask("lineage", id=second["id"])["steps"]
    assert [step["prompt"] for step in steps] == ["", "make it blue", "now red"]
    assert steps[0]["id"] == f"sha256:{given['sha']}"
    assert [bool(step["mask_sha"]) for step in steps] == [False, True, False]
    assert steps[2]["cost"]["currency"] == "USD"
    assert page.ask("lineage", id=second["key"])["steps"] == steps
    assert page.ask_bytes("fetch-image", sha=steps[1]["mask_sha"], box=256, base64=False)
    assert page.refused("lineage", id="p-20260101-000000-abcdefg-0")


def test_code_makes_the_picture_again(page, run):
    """The cell, the Python and the beginning of an edit."""
    card = page.until_state(run("a lighthouse")[0], "done")
    assert page.ask("code", card=card["key"], form="cell")["text"].startswith("%%imagine")
    python = page.ask("code", card=card["id"], form="python")["text"]
    compile(python, "cell", "exec")
    assert "client.generate(" in python
    assert page.ask("code", card=card["key"], form="edit")["text"].startswith(f"%%imgedit edited -i {card['id']}")


def test_deleting_can_be_taken_back(page, run, studio, server):
    """Deleted pictures leave the sheet and the history, and come back; what never came is put away like that, too."""
    done = page.until_state(run("stays")[0], "done")
    server.play("moderation")
    (failed,) = run("fails")
    page.until_state(failed, "failed")
    assert page.ask("delete", cards=[done["key"], failed, done["key"]]) == {"count": 2}
    assert len(studio.sheet) == 0
    page.until(lambda: page.card(failed)["deleted"] is True)
    assert page.ask("history", text="", before=None, limit=9)["cards"] == []
    assert imgcell.library().trash()[0].id == done["id"]
    assert page.ask("restore", cards=[done["key"], failed]) == {"count": 2}
    assert [picture.record.id for picture in studio.sheet] == [done["id"]]
    assert page.ask("delete", cards=[done["id"]]) == {"count": 1}
    assert page.refused("delete", cards=["p-20260101-000000-abcdefg-0"])


def test_what_is_under_way_is_not_deleted(page, draft, server):
    """It is cancelled first: what was sent is paid for."""
    server.latency = 20
    (key,) = page.ask("run", draft=draft(), nonce="n")["cards"]
    server.wait_for(1)
    assert page.ask("delete", cards=[key]) == {"count": 0}
    assert page.card(key)["deleted"] is False


def test_without_a_library_everything_but_the_past_works(comms, server, draft, another_page):
    """A client that keeps nothing has no history; its pictures are still shown, fetched and edited."""
    studio = imgcell.Studio(client=imgcell.Client("openai", api_key="sk-x", base_url=server.base_url, library=False), names={})
    page = another_page()
    page.ready()
    assert page.state("facts")["library"] is False
    (key,) = page.ask("run", draft=draft(), nonce="n")["cards"]
    card = page.until_state(key, "done")
    assert page.ask_bytes("fetch-image", sha=card["sha"], box=256, base64=False)[1]
    assert page.ask("history", text="", before=None, limit=9) == {"cards": [], "more": False, "before": None}
    assert page.refused("star", id=card["id"], stars=1)
    assert page.ask("reference-from-card", card=key)["reference"]["sha"] == card["sha"]
    studio.close()
