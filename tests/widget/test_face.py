"""The Studio in Python: what it holds, what can be set, what runs."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError, ModerationError


def test_the_form_is_a_job_and_can_be_set(page, studio, draft):
    """``studio.draft`` is the job in the form; what Python sets is suggested to the page, which takes it over."""
    assert studio.draft is None
    page.write(draft=draft("a boat", n=2, background="opaque", extra='{"seed": 7}', stream=1))
    job = studio.draft
    assert job == imgcell.Generate(
        "a boat", model="gpt-image-1", n=2, size="1024x1024", quality="low", background="opaque", partial_images=1, extra={"seed": 7}
    )
    studio.draft = imgcell.Generate("灯塔", model="gpt-image-2", quality="high", extra={"seed": 8})
    (said, _) = page.until(lambda: page.said("suggest"))[-1]
    assert (said["draft"]["prompt"], said["draft"]["targets"]["models"], said["draft"]["extra"]) == ("灯塔", ["gpt-image-2"], '{"seed": 8}')
    assert said["draft"]["targets"]["providers"] == ["openai"]
    assert studio.draft == imgcell.Generate("灯塔", model="gpt-image-2", quality="high", extra={"seed": 8})
    assert page.ready()["draft"] == said["draft"]
    page.write(draft={**said["draft"], "prompt": "as the page has it"})
    assert studio.draft.prompt == "as the page has it"
    assert page.ready()["draft"] is None


@pytest.mark.parametrize("job", [imgcell.Generate("x", user="me"), imgcell.Generate("x", response_format="url"), "x", None])
def test_what_the_form_has_no_place_for_is_said(studio, job):
    """A job that the form cannot hold is refused as a whole."""
    with pytest.raises(InvalidJobError):
        studio.draft = job
    assert studio.draft is None


def test_an_edit_brings_its_pictures_and_mask_into_the_tray(page, studio, client):
    """References of any kind become the page's, masks too, and go out as they are."""
    made = client.generate("from before", size="1024x1024", quality="low")[0]
    mask = Image.new("L", made.size, 255)
    studio.draft = imgcell.Edit("a boat", images=[made, Image.new("RGB", (64, 64), "teal")], mask=mask)
    (said, _) = page.until(lambda: page.said("suggest"))[-1]
    assert [one["id"] for one in said["references"]] == [made.record.id, None]
    assert said["mask"]["share"] == 1.0
    assert studio.references[0] is made
    assert studio.draft.images[0] is made
    studio.references = [Image.new("RGB", (10, 10)), made]
    assert studio.mask is None
    assert len(studio.references) == 2
    studio.references = None
    assert studio.references == []
    with pytest.raises(InvalidJobError):
        studio.references = ["/no/such/file.png"]
    with pytest.raises(InvalidJobError, match="references"):
        studio.mask = mask


def test_running_from_python_is_the_same_as_from_the_page(page, studio, server):
    """``run`` waits and returns its pictures; the page sees the cards; the sheet holds all."""
    studio.draft = imgcell.Generate("a boat", model="gpt-image-1", size="1024x1024", quality="low", n=2)
    sheet = studio.run()
    assert len(sheet) == 2
    assert studio.sheet == sheet
    assert studio.last.record.id in {record.id for record in sheet.records}
    page.until(lambda: [card["state"] for card in page.state("cards")] == ["done", "done"])
    assert len(studio.run()) == 2
    assert len(studio.sheet) == 4
    assert len(server.posts) >= 2


def test_run_takes_what_the_library_has_when_asked_to(studio, server):
    """With `once` a cell that runs the form again sends nothing and shows the same picture."""
    studio.draft = imgcell.Generate("a cat")
    first = studio.run()
    again = studio.run(once=True)
    assert [picture.record.id for picture in again] == [picture.record.id for picture in first]
    assert len(server.posts) == 1
    assert studio.draft == imgcell.Generate("a cat")


def test_running_raises_when_nothing_came(studio, server, page):
    """One clear reason; the card has it too."""
    with pytest.raises(InvalidJobError, match="empty"):
        studio.run()
    studio.draft = imgcell.Generate("a boat", model="gpt-image-1", size="1024x1024", quality="low")
    server.play("moderation")
    with pytest.raises(ModerationError):
        studio.run()
    assert page.until(lambda: page.state("cards"))[0]["error"]["kind"] == "ModerationError"
    imgcell.budget(session=0.000001)
    with pytest.raises(imgcell.errors.BudgetExceededError):
        studio.run()


def test_some_of_several_are_a_sheet_with_errors(page, studio, server, draft):
    """What came is returned, what failed is in ``errors``."""
    page.write(draft=draft("a boat", sizes=["1024x1024", "1536x1024"]))
    server.play("moderation")
    sheet = studio.run()
    assert len(sheet) == 1
    assert [type(error) for error in sheet.errors] == [ModerationError]


def test_not_waiting_and_cancelling(studio, server):
    """``run(wait=False)`` returns at once; ``cancel`` says what was sent; a second one lets go."""
    server.latency = 30
    studio.draft = imgcell.Generate("a boat", model="gpt-image-1", size="1024x1024", quality="low")
    assert len(studio.run(wait=False)) == 0
    server.wait_for(1)
    assert studio.cancel() == 1
    studio.cancel()


def test_results_are_told_on_another_thread_and_a_failing_callback_is_noted(page, studio, run):
    """Every picture, once, off the loop; what a callback raises stands in the card."""
    came, there = [], threading.Event()

    @studio.on_result
    def keep(picture):
        came.append((picture, threading.current_thread()))
        there.set()

    @studio.on_result
    def fail(picture):
        raise ValueError("mine")

    (key,) = run()
    card = page.until(lambda: (card := page.card(key)) and any("ValueError: mine" in note for note in card["notes"]) and card)
    assert there.wait(10)
    ((picture, thread),) = came
    assert picture.record.id == card["id"]
    assert thread is not threading.current_thread()
    assert keep.__name__ == "keep"
    with pytest.raises(InvalidJobError):
        studio.on_result("print")


def test_a_bound_variable_is_kept_up_to_date(page, studio, run):
    """``bind`` names a variable of the user's, from Python and from the page, and says so in the facts."""
    names = studio._inside.names.all()
    studio.bind = "images"
    assert len(names["images"]) == 0
    key = run()[0]
    page.until_state(key, "done")
    assert len(names["images"]) == 1
    assert page.state("facts")["bound"] == "images"
    assert page.ask("bind", name="others") == {"bound": "others"}
    assert len(names["others"]) == 1
    page.ask("delete", cards=[key])
    assert (len(names["others"]), len(names["images"])) == (0, 1)
    assert page.ask("bind", name=None) == {"bound": None}
    names["mine"] = 5
    assert "something else" in page.refused("bind", name="mine")["message"]
    for wrong in ("class", "1x", "a b", "x.y", ""):
        assert page.refused("bind", name=wrong)
        with pytest.raises(InvalidJobError):
            studio.bind = wrong


def test_variables_that_are_pictures_are_listed(page, studio, client):
    """Pictures, images, sheets, arrays of pictures; nothing else, and nothing hidden; a sheet's member by its number."""
    numpy = pytest.importorskip("numpy")
    sheet = client.generate("two", n=2, size="1024x1024", quality="low")
    studio._inside.names.all().update(
        one=sheet[1], two=sheet, image=Image.new("RGB", (30, 20)), array=numpy.zeros((20, 30, 3), numpy.uint8), _hidden=sheet[0],
        number=5, text="x", vector=numpy.zeros(5), table=numpy.zeros((4, 4)), kind=Image.Image, module=numpy,
    )  # fmt: skip
    listed = {one["name"]: (one["kind"], one["width"], one["height"], one["count"]) for one in page.ask("variables")["variables"]}
    assert listed == {
        "one": ("Picture", 1024, 1024, 1),
        "two": ("Sheet", 1024, 1024, 2),
        "image": ("image", 30, 20, 1),
        "array": ("array", 30, 20, 1),
    }
    assert page.ask("reference-from-variable", name="two[1]")["reference"]["id"] == sheet[1].record.id
    assert page.ask("reference-from-variable", name="one")["reference"]["id"] == sheet[1].record.id
    for wrong in ("number", "nobody", "two[9]", "__import__('os')", "one.record", "_hidden.x", "two[-1]"):
        assert page.refused("reference-from-variable", name=wrong)["kind"] == "InvalidJobError"


def test_what_a_user_does_to_a_variable_later_does_not_change_the_tray(page, studio, run, server):
    """The tray keeps what the page has shown."""
    image = Image.new("RGB", (64, 64), "teal")
    studio._inside.names.all()["image"] = image
    reference = page.ask("reference-from-variable", name="image")["reference"]
    image.paste("red", (0, 0, 64, 64))
    page.until_state(run("x", references=[reference["key"]])[0], "done")
    import io

    (sent,) = [file for file in server.posts[0].files if file.name.startswith("image")]
    assert Image.open(io.BytesIO(sent.data)).convert("RGB").getpixel((0, 0)) == (0, 128, 128)


def test_its_arguments_fill_it(comms, client):
    """Provider or client, prompt, references, mask and a bound name; what contradicts itself is refused."""
    picture = Image.new("RGB", (64, 64), "teal")
    names = {}
    studio = imgcell.Studio(
        client=client, prompt="a boat", references=picture, mask=Image.new("L", (64, 64), 255), bind="images", names=names
    )
    assert comms[-1].opened["state"]["draft"]["prompt"] == "a boat"
    assert isinstance(studio.draft, imgcell.Edit)
    assert studio.mask.size == (64, 64)
    assert len(names["images"]) == 0
    assert repr(studio) == "Studio('openai', pictures=0)"
    studio.close()
    assert comms[-1].closed
    with pytest.raises(InvalidJobError):
        imgcell.Studio("sandbox", client=client)
    with pytest.raises(InvalidJobError):
        imgcell.Studio("nobody-at-all")
    with pytest.raises(InvalidJobError):
        imgcell.Studio(prompt=5)


def test_the_guarded_line_for_ipykernel_74(comms, client, monkeypatch):
    """Where the comm routes replies to the shell that published last, it is told to use the one that the page asks for."""
    import comm

    real = comm.create_comm

    def create(**given):
        made = real(**given)
        made._reply_subshell_for = lambda data, default: "the busy one"
        return made

    monkeypatch.setattr(comm, "create_comm", create)
    studio = imgcell.Studio(client=client, names={})
    assert comms[-1]._reply_subshell_for({}, "the page's") == "the page's"
    studio.close()


def test_the_page_is_one_module_from_this_package(comms, studio):
    """Module and style sheet come from the installed files: no address, no CDN; the static sheet is hidden while the page is there."""
    state = comms[-1].opened["state"]
    assert "export" in state["_esm"]
    assert "https://" not in state["_esm"].replace("https://…", "")
    assert ".imgcell-studio-static" in state["_css"]
