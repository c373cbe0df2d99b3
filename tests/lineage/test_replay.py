"""A chain of edits run again: from which step, by whom, with which inputs."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError, MissingKeyError, ServerError


@pytest.fixture
def line(client, photo, server):
    """Three steps: from words; an edit with a mask and a photograph; an edit of that."""
    first = client.generate("a lighthouse", size="512x512")[0]
    mask = Image.new("L", first.size, 0)
    mask.paste(255, (0, 0, 100, 100))
    second = client.edit("make it night", images=[first, photo], mask=mask, n=2, size="512x512")[1]
    third = client.edit("add fog", images=[second], size="512x512")[0]
    server.clear()
    return first, second, third


def ids(sheet):
    """The ids of its pictures, in order."""
    return [record.id for record in sheet.records]


def prompts(server):
    """What was asked for, in order; pictures asked for at once count once."""
    return [dict(request.form).get("prompt") or request.json["prompt"] for request in server.posts]


def test_the_whole_chain(client, line, server):
    """Every step is sent once, in order; each takes the new result of the step before, and all else as it was."""
    second, third = line[1:]
    sheet = third.replay(client=client)
    assert prompts(server) == ["a lighthouse", "make it night", "add fog"]
    assert len(sheet) == 3
    assert not set(ids(sheet)) & {picture.record.id for picture in line}
    assert sheet[1].record.parents == (sheet[0].record.id, second.record.parents[1])
    assert sheet[1].record.mask == second.record.mask
    assert sheet[2].record.parents == (sheet[1].record.id,)
    assert sheet[2].record.requested == {**third.record.requested, "model": third.record.model}
    assert [step.record.id for step in sheet[-1].lineage().steps] == ids(sheet)
    # the old branch stays as it was
    assert [step.record.id for step in third.lineage().steps] == [picture.record.id for picture in line]


@pytest.mark.parametrize("named", ["number", "negative", "id", "picture"])
def test_from_a_step(client, line, server, named):
    """From a step on: the steps before keep their pictures, of which the new branch is another child."""
    first, second, third = line
    from_ = {"number": 1, "negative": -2, "id": second.record.id, "picture": second}[named]
    sheet = third.replay(client=client, from_=from_)
    assert prompts(server) == ["make it night", "add fog"]
    assert sheet[0].record.parents == second.record.parents
    assert sheet[0].record.id in ids(first.children)


@pytest.mark.parametrize("from_", [3, -4, "p-nobody", True, 1.0, ["x"]])
def test_steps_that_there_are_not(client, line, server, from_):
    """A step that the line does not have is refused, and says which there are."""
    with pytest.raises(InvalidJobError, match="numbered from 0 to 2"):
        line[2].replay(client=client, from_=from_)
    assert server.posts == []


def test_every_step_is_a_job_like_any_other(client, line, server):
    """New pictures stand in ledger and library with their cost, origin and job."""
    sheet = line[2].replay(client=client, from_=-1)
    kept = imgcell.library().record(ids(sheet)[0])
    assert kept == sheet[0].record
    assert kept.job == line[2].record.job  # the same job with the same input: --once would have found the old one
    assert kept.attempt != line[2].record.attempt
    assert sum(total.requests for total in imgcell.library().totals()) == 4


def test_another_provider(client, server):
    """Another provider gets its own default model and none of the fields that were passed through."""
    base = client.generate("a lighthouse", size="1024x1024", extra={"seed": 7})[0]
    edit = client.edit("more fog", images=[base], size="1024x1024")[0]
    assert edit.replay(client=client, from_=0)[0].record.requested["extra"] == {"seed": 7}
    server.clear()
    with imgcell.Client("openai", base_url=server.url("openai"), api_key="sk-test-0000") as other:
        sheet = edit.replay(client=other)
        assert {record.model for record in sheet.records} == {other.provider.model(None).name}
    assert [record.provider for record in sheet.records] == ["openai", "openai"]
    assert "seed" not in server.posts[0].json
    assert sheet[0].record.requested == {"size": "1024x1024"}
    assert imgcell.library().record(ids(sheet)[1]) is not None


def test_a_provider_by_its_name(client, server, monkeypatch, imgcell_home):
    """A provider that is named is asked at the address that is configured, and the pictures go into the same library."""
    base = client.generate("a lighthouse", size="1024x1024")[0]
    settings = f'[mine]\nlike = "openai-compatible"\nbase_url = "{server.url("openai-compatible")}"\nkey = ["MY_KEY"]\nurl = []\n'
    monkeypatch.setenv("MY_KEY", "sk-test-0000")
    (imgcell_home / "providers.toml").write_text(settings, encoding="utf-8")
    sheet = base.replay("mine")
    assert sheet[0].record.provider == "mine"
    assert imgcell.library().picture(sheet[0].record.id) is not None


def test_another_model(client, line):
    """A model can be named for all of the steps."""
    sheet = line[2].replay(client=client, model="gpt-image-2", from_=-1)
    assert sheet[0].record.model == "gpt-image-2"


def test_a_provider_and_a_client(client, line, server):
    """Both at once contradict each other."""
    with pytest.raises(InvalidJobError, match="not both"):
        line[2].replay("sandbox", client=client)
    assert server.posts == []


def test_a_missing_key_is_found_before_the_first_step(line, server, monkeypatch):
    """A provider without a key is refused before anything is sent."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(MissingKeyError):
        line[2].replay(provider="apiyi")
    assert server.posts == []


def test_what_the_user_changed_in_between(client, server):
    """Code of the user's own cannot be run again: refused with where to start; from there the changed pixels are taken."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base.resize((256, 256))], size="512x512")[0]
    last = client.edit("birds", images=[edit], size="512x512")[0]
    server.clear()
    with pytest.raises(InvalidJobError, match=r"Step 1 .*from_=1"):
        last.replay(client=client)
    assert server.posts == []
    sheet = last.replay(client=client, from_=1)
    assert len(sheet) == 2
    assert sheet[0].record.inputs == edit.record.inputs


def test_a_copy_is_no_change(client, server):
    """Pixels that went through PIL and came out the same are no obstacle: the new result takes their place."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("more fog", images=[base.convert("RGBA").copy()], size="512x512")[0]
    assert edit.record.modified == (0,)
    sheet = edit.replay(client=client)
    assert sheet[1].record.parents == (sheet[0].record.id,)
    assert [one["prompt"] for one in edit.recipe()["steps"]] == ["a lighthouse", "more fog"]


def test_a_mask_that_does_not_fit_the_new_picture(client, server):
    """The step is refused before it is sent; what was made before it is returned, with the reason."""
    base = client.generate("a lighthouse", size="512x512", model="sandbox")[0]
    edit = client.edit("night", images=[base], mask=Image.new("L", base.size, 255), size="512x512")[0]
    server.clear()
    other = imgcell.Client("json-images", base_url=server.url("json-images"), api_key="sk-test")
    with pytest.raises(InvalidJobError):
        edit.replay(client=other)  # it takes no masks at all: found out before the first step
    assert server.posts == []
    smaller = io.BytesIO()
    edit.resize((300, 200)).save(smaller, "PNG")
    server.picture = smaller.getvalue()
    with pytest.warns(UserWarning, match="1 of 2 steps"):
        sheet = edit.replay(client=client)
    assert len(server.posts) == 1
    assert len(sheet) == 1
    assert "Step 1" in str(sheet.errors[0])
    assert "same size" in str(sheet.errors[0])
    assert imgcell.library().picture(ids(sheet)[0]) is not None


def test_a_step_that_fails(client, line, server):
    """What was made before it is kept and returned; the steps behind it are not sent.  The first one's failure is raised."""
    server.play("error-200", skip=1)
    with pytest.warns(UserWarning, match="1 of 3 steps") as caught:
        sheet = line[2].replay(client=client)
    assert len(caught) == 1
    assert len(server.posts) == 2
    assert (len(sheet), len(sheet.errors), sheet.done) == (1, 1, True)
    server.clear()
    server.play("501")
    with pytest.raises((ServerError, imgcell.errors.AnswerError), match="Step 0"):
        line[2].replay(client=client)
    assert len(server.posts) == 1


def test_an_input_that_is_gone(client, line, server):
    """Without the bytes of a foreign input nothing is sent, and the error names it."""
    second = line[1]
    given = second.parents[1]
    mask = imgcell.library().blob(second.record.mask[7:])
    given.source.path.unlink()
    with pytest.raises(InvalidJobError, match="Step 1 cannot be run again without image 2"):
        line[2].replay(client=client)
    given.source.path.write_bytes(b"not a picture")
    mask.path.unlink()
    with pytest.raises(InvalidJobError, match="Step 1 cannot"):
        line[2].replay(client=client)
    assert server.posts == []
    assert len(line[2].replay(client=client, from_=2)) == 1


def test_a_deleted_ancestor(client, line, server):
    """What came of a deleted picture can still be run again, with its bytes as they were sent."""
    first, second, _ = line
    imgcell.library().delete(first.record.id)
    last = imgcell.library().picture(line[2].record.id)
    first_id = first.record.id
    sheet = last.replay(client=client)
    assert prompts(server) == ["make it night", "add fog"]
    assert sheet[0].record.parents[0] == first_id
    assert sheet[0].record.inputs == second.record.inputs


def test_once(client, line, server):
    """A branch that was made once is found again, as a chain and as a recipe; on another model it is another one."""
    branch = line[2].replay(client=client, model="gpt-image-2", once=True)
    assert len(server.posts) == 3
    assert ids(line[2].replay(client=client, model="gpt-image-2", once=True)) == ids(branch)
    assert ids(imgcell.from_recipe(branch[-1]).run(client=client, once=True)) == ids(branch)
    assert len(server.posts) == 3


def test_a_picture_that_was_given(line):
    """What imgcell did not make cannot be made again."""
    given = line[1].parents[1]
    for ask in (given.replay, given.as_cell, given.recipe):
        with pytest.raises(InvalidJobError, match="given, not made"):
            ask()


def test_a_price_before(client, line, server):
    """A recipe's plan adds up what its steps would cost, and counts those of which nobody knows; nothing is sent."""
    base = client.generate("a lighthouse", size="1024x1024", quality="low")[0]
    edit = client.edit("more fog", images=[base], size="1024x1024", quality="low")[0]
    server.clear()
    plan = imgcell.from_recipe(edit).plan(provider="openai")
    assert [step["number"] for step in plan.steps] == [0, 1]
    assert plan.unknown == 0
    assert plan.costs["USD"] == pytest.approx(sum(step["cost"].amount for step in plan.steps))
    assert plan.costs["USD"] > 0
    plan = imgcell.from_recipe(line[2]).plan(provider="openai-compatible", model="nobody-knows-it")
    assert (plan.unknown, plan.costs) == (3, {})
    assert "unknown price" in str(plan)
    assert server.posts == []


def test_an_input_that_was_an_address(server, photo):
    """A picture that the provider fetched itself is named by its address again: in a cell, and when the step is run again."""
    with imgcell.Client("json-images", base_url=server.url("json-images"), api_key="sk-test-0000") as client:
        address = server.put(photo.read_bytes()) + "?signature=secret"
        edit = client.edit("paint it", images=[address])[0]
        assert f"-i '{address}'" in edit.as_cell() or f"-i {address} " in edit.as_cell()
        assert "given as an address" in str(edit.parents.errors[0])
        assert "signature" not in str(edit.parents.errors[0])
        page = edit.lineage().to_html()
        assert "given" in page
        assert "signature" not in page
        assert "signature" not in str(edit.recipe())
        again = edit.replay(client=client)[0]
        assert again.record.parents == edit.record.parents
        assert again.record.job == edit.record.job
        assert [request.json["image"] for request in server.posts] == [[address]] * 2
        with pytest.raises(InvalidJobError, match="left out"):
            imgcell.from_recipe(edit.recipe()).run(client=client)


def test_a_provider_without_an_address(server):
    """What was made at an address that the client was given says how to name it again; nothing is sent."""
    with imgcell.Client(base_url=server.url("openai-compatible"), api_key="sk-test-0000") as client:
        made = client.generate("a lighthouse", size="1024x1024")[0]
    server.clear()
    with pytest.raises(imgcell.errors.ImgcellError, match=r"client=imgcell\.Client|OPENAI_API_KEY"):
        made.replay()
    assert server.posts == []
