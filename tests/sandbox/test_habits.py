"""Models with habits: what they do is known to the pixel; which requests fail is settled by a seed."""

import contextlib
import io
import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgcell import sandbox
from imgcell.sandbox import Habit, painter
from imgcell.sandbox.chances import Chances
from imgcell.sandbox.orders import InputPicture, Order


def _png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _photograph(size=(203, 150), mode="RGB"):
    """Colors that run over the whole range, so that there is something to move and something to clip."""
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    bands = [(across * 5 + down) % 256, (down * 7) % 256, (across * down) % 256]
    if mode == "RGBA":
        bands.append(np.full_like(across, 200))
    return Image.fromarray(np.stack(bands, axis=-1).astype(np.uint8))


def _mask(size, box):
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(mask).rectangle(box, fill=(0, 0, 0, 0))
    return mask


def _edited(habit, before, mask=None, **changes):
    """The picture that a model of such habits answers, and the truth of it."""
    fields = {"act": "edit", "model": "m", "prompt": "a red door", "width": 0, "height": 0, **changes}
    images = (InputPicture("image[0]", _png(before)),)
    painted = painter.paint(Order(**fields, images=images, mask=mask and InputPicture("mask", _png(mask))), 0, habit)
    return Image.open(io.BytesIO(painted.data)), painted.truth


@pytest.mark.parametrize("leak", [0.0, 0.0371, 0.5, 1.0])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_leak_changes_exactly_its_share_outside_the_mask(leak, mode):
    """So many pixels outside of the mask differ, each band by the stated levels, and they are where the truth says."""
    before, box = _photograph(mode=mode), (40, 30, 119, 89)
    after, truth = _edited(Habit(leak=leak, leak_by=30), before, _mask(before.size, box))
    outside = np.ones((150, 203), bool)
    outside[30:90, 40:120] = False
    difference = np.abs(np.asarray(after).astype(int) - np.asarray(before))[..., :3]
    changed = difference.any(axis=-1)
    assert changed[~outside].all()
    assert (changed & outside).sum() == round(leak * outside.sum()) == truth.pixels
    assert set(np.unique(difference[changed & outside])) <= {30}
    if leak:
        assert truth.outside == outside.sum()
        assert math.isclose(truth.share, leak, abs_tol=1e-4)
        assert (np.asarray(truth.leaked) == (changed & outside)).all()


def test_a_model_that_repaints_nothing_hands_back_its_input():
    """Without a mask, and without another habit, the answer has the input's pixels; with a leak, all of them count as outside."""
    before = _photograph()
    assert (np.asarray(_edited(Habit(repaints=False), before)[0]) == np.asarray(before)).all()
    after, truth = _edited(Habit(repaints=False, leak=0.2), before)
    assert (np.asarray(after) != np.asarray(before)).any(axis=-1).sum() == round(0.2 * 203 * 150) == truth.pixels


@pytest.mark.parametrize("shift", [(7, 0), (0, -5), (-3, 11)])
def test_a_shift_moves_the_picture_by_its_pixels(shift):
    """What was at x, y is at x + right, y + down; the edge is repeated."""
    before = _photograph()
    after, _ = _edited(Habit(repaints=False, shift=shift), before)
    (right, down), old, new = shift, np.asarray(before), np.asarray(after)
    ys, xs = np.mgrid[0:150, 0:203]
    assert (new == old[np.clip(ys - down, 0, 149), np.clip(xs - right, 0, 202)]).all()


@pytest.mark.parametrize("scale", [0.8, 1.25])
def test_a_scale_enlarges_about_the_middle(scale):
    """A square in the middle has its side times the factor; the picture keeps its size."""
    before = Image.new("RGB", (400, 300), "black")
    ImageDraw.Draw(before).rectangle((150, 100, 249, 199), fill="white")
    after, _ = _edited(Habit(repaints=False, scale=scale), before)
    assert after.size == before.size
    left, top, right, bottom = after.convert("L").point(lambda level: 255 if level > 127 else 0).getbbox()
    assert (right - left, bottom - top) == (pytest.approx(100 * scale, abs=1), pytest.approx(100 * scale, abs=1))
    assert ((left + right) / 2, (top + bottom) / 2) == (pytest.approx(200, abs=1), pytest.approx(150, abs=1))


def test_drift_is_what_it_says():
    """Colors move by their levels, saturation by its factor, noise has its deviation, blur takes sharpness away; alpha stays."""
    gray = Image.new("RGBA", (256, 256), (100, 120, 140, 77))
    colored = np.asarray(_edited(Habit(repaints=False, color=(5, -3, 0)), gray)[0])
    assert (colored == (105, 117, 140, 77)).all()
    pale = np.asarray(_edited(Habit(repaints=False, saturation=0.5), gray)[0]).astype(int)
    assert np.ptp(pale[0, 0, :3]) == pytest.approx(20, abs=1)
    noisy = np.asarray(_edited(Habit(repaints=False, noise=6), gray)[0])[..., :3].astype(float)
    assert noisy.std(axis=(0, 1)) == pytest.approx([6, 6, 6], rel=0.05)
    photograph = _photograph()
    blurred = np.asarray(_edited(Habit(repaints=False, blur=1.5), photograph)[0]).astype(int)
    assert np.abs(np.diff(blurred, axis=1)).mean() < np.abs(np.diff(np.asarray(photograph).astype(int), axis=1)).mean() / 2


def test_a_mask_and_an_input_can_be_ignored():
    """Who ignores the mask changes nearly all outside of it; who ignores the input paints the same from any input."""
    before, other = _photograph(), Image.new("RGB", (203, 150), "navy")
    mask = _mask(before.size, (0, 0, 20, 20))
    after, _ = _edited(Habit(ignores_mask=True), before, mask, width=203, height=150)
    assert (np.asarray(after) != np.asarray(before)).any(axis=-1)[21:, 21:].mean() > 0.9
    painted = [_edited(Habit(ignores_input=True), picture, mask, width=203, height=150)[0] for picture in (before, other)]
    assert painted[0].tobytes() == painted[1].tobytes()


def test_a_model_that_does_not_sign_leaves_its_top_to_the_scene():
    """Without name, size and quality two models' pictures tell nothing of whose they are; the prompt stays."""
    order = Order(act="generate", model="m", prompt="a fox", width=256, height=256)
    signed, bare = (
        np.asarray(Image.open(io.BytesIO(painter.paint(order, 0, Habit(signs=signs)).data)).convert("RGB")) for signs in (True, False)
    )
    differs = (signed != bare).any(axis=-1)
    assert differs[:32].any()
    assert not differs[48:].any()


def test_size_format_and_transparency_are_answered_as_the_habit_has_it():
    """Whatever was asked for."""
    habit = Habit(size="320x160", picture_format="jpeg", opaque=True)
    order = Order(act="generate", model="m", prompt="a fox", width=256, height=256, background="transparent")
    image = Image.open(io.BytesIO(painter.paint(order, 0, habit).data))
    assert (image.size, image.format, image.mode) == ((320, 160), "JPEG", "RGB")
    opaque = Image.open(io.BytesIO(painter.paint(order, 0, Habit(opaque=True)).data))
    assert (opaque.mode, opaque.format) == ("RGB", "PNG")


@pytest.mark.parametrize(
    "wrong",
    [
        {"leak": 1.5}, {"leak_by": 0}, {"size": "big"}, {"scale": 0}, {"picture_format": "gif"}, {"latency": (2, 1)},
        {"faults": 1.2}, {"faults": {"moderation": -0.1}}, {"faults": {"no-such-fault": 0.1}},
    ],
)  # fmt: skip
def test_a_habit_that_makes_no_sense_is_refused(wrong):
    """With a ValueError when it is made, not when it is met."""
    with pytest.raises(ValueError, match=r"habit|fault"):
        Habit(**wrong)


def test_a_served_model_has_its_habits_and_the_server_knows_the_truth(png):
    """Over the wire: other models are as ever, the models are listed, and what was done to an answer is known by its bytes."""
    import base64
    import http.client
    import json

    with sandbox.serve(habits={"odd": Habit(size="64x48", ignores_input=True)}) as server, contextlib.ExitStack() as closing:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        closing.callback(connection.close)

        def post(model):
            body = {
                "model": model,
                "prompt": "a fox",
                "images": [{"image_url": "data:image/png;base64," + base64.b64encode(png()).decode()}],
            }
            connection.request("POST", "/sandbox/v1/images/edits", json.dumps(body), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())

        odd, plain = post("odd"), post("plain")
        connection.request("GET", "/sandbox/v1/models")
        listed = {model["id"] for model in json.loads(connection.getresponse().read())["data"]}
        data = base64.b64decode(odd["data"][0]["b64_json"])
        assert Image.open(io.BytesIO(data)).size == (64, 48) == server.truth(data).size
        assert odd["usage"]["input_tokens_details"]["image_tokens"] == 0
        assert plain["usage"]["input_tokens_details"]["image_tokens"] > 0
        assert "odd" in listed
        with pytest.raises(KeyError):
            server.truth(base64.b64decode(plain["data"][0]["b64_json"]))


def _orders(count=2000):
    return [Order(act="generate", model="m", prompt=f"picture {number}") for number in range(count)]


def test_the_same_requests_fail_whatever_their_order():
    """The faults are settled by the seed and what is asked, and are near the share that was wished for."""
    orders = _orders()

    def played(order, seed):
        chances = Chances(0.1, seed)
        faults = {each.prompt: chances.take(each, 0.0) for each in order}
        return {prompt: fault.name for prompt, fault in faults.items() if fault is not None}, chances

    forward, chances = played(orders, 7)
    assert played(orders[::-1], 7)[0] == forward != played(orders, 8)[0]
    assert 150 <= len(forward) <= 250
    assert len(set(forward.values())) == 10
    assert sum(chances.played.values()) == len(forward)


def test_shares_can_be_named_and_belong_to_a_model():
    """Named kinds alone are played, a model's own on top of everybody's, and a repeated request has its chances again."""
    chances = Chances({"moderation": 0.2})
    faults = [chances.take(order, {"stall": 0.3}) for order in _orders()]
    counts = [sum(fault is not None and fault.name == name for fault in faults) for name in ("moderation", "stall")]
    assert 320 <= counts[0] <= 480
    assert 510 <= counts[1] <= 690
    chances = Chances(0.5)
    again = [chances.take(_orders(1)[0], 0.0) is None for _ in range(64)]
    assert 10 < sum(again) < 54


def test_the_own_sandbox_can_be_told_to_behave():
    """`behave` changes the server of the provider "sandbox", and takes its habits away again."""
    try:
        server = sandbox.behave({"odd": Habit(latency=0.25)}, faults=0.5, seed=3)
        assert server.habits["odd"].span(0.0) == (0.25, 0.25)
        assert (server.faults.share, server.faults.seed) == (0.5, 3)
        assert server.url("sandbox") == sandbox.local_url()
    finally:
        assert sandbox.behave().habits == {}
    assert server.faults.take(_orders(1)[0], 0.0) is None


def test_a_share_of_requests_fails_over_the_wire():
    """What is served fails as its shares have it: everybody's, and a model's own; what is asked for by name goes first."""
    import http.client
    import json

    habits = {"strict": Habit(faults={"moderation": 1.0}), "plain": Habit()}
    with sandbox.serve(habits=habits, seed=5) as server, contextlib.ExitStack() as closing:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        closing.callback(connection.close)

        def post(model):
            body = json.dumps({"model": model, "prompt": "a fox", "size": "64x64"})
            connection.request("POST", "/sandbox/v1/images/generations", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        status, said = post("strict")
        assert (status, said["error"]["code"]) == (400, "moderation_blocked")
        assert post("plain")[0] == 200
        server.faults = Chances({"quota": 1.0})
        assert post("plain")[1]["error"]["code"] == "insufficient_quota"
        server.play("503")
        assert post("plain")[0] == 503
        assert server.faults.played == {"quota": 1}


def test_the_terminal_refuses_a_share_that_is_none(capsys):
    """With the reason, and without a server."""
    from imgcell.sandbox.__main__ import main

    assert main(["--port", "0", "--faults", "2"]) == 1
    assert "together no more than 1" in capsys.readouterr().err
