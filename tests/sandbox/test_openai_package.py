"""The official ``openai`` package, pointed at the sandbox, generates, edits and streams."""

import base64
import io

import openai
import pytest
from PIL import Image, ImageChops


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.base_url, api_key="sk-any", max_retries=0) as client:
        yield client


def _image(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_generate(client):
    """images.generate gives n pictures of the asked size and format, with usage."""
    answer = client.images.generate(model="gpt-image-1", prompt="a cat", n=2, size="1536x1024", quality="low", output_format="webp")
    assert [(_image(item.b64_json).size, _image(item.b64_json).format) for item in answer.data] == [((1536, 1024), "WEBP")] * 2
    assert answer.usage.total_tokens > 0


def test_edit_with_a_mask(client, png, hole):
    """images.edit with a mask changes the hole and nothing else."""
    source = png(200, 120, "teal")
    answer = client.images.edit(
        model="gpt-image-1", prompt="a balloon", image=("a.png", source), mask=("m.png", hole(200, 120, (20, 20, 119, 99)))
    )
    result = _image(answer.data[0].b64_json)
    changed = ImageChops.difference(result.convert("RGB"), Image.open(io.BytesIO(source))).getbbox()
    assert changed == (20, 20, 120, 100)


def test_edit_of_several_pictures_keeps_their_order(client, server, png):
    """A list goes out as image[] and arrives in order."""
    pictures = [(f"{colour}.png", png(32, 32, colour)) for colour in ("red", "lime", "blue")]
    client.images.edit(model="gpt-image-1.5", prompt="x", image=pictures, input_fidelity="high")
    arrived = server.requests[-1]
    assert [(file.name, file.filename) for file in arrived.files] == [("image[]", f"{colour}.png") for colour in ("red", "lime", "blue")]
    assert [file.data for file in arrived.files] == [data for _, data in pictures]


def test_streams(client, png):
    """Streams of generations and edits give their partial pictures, then the completed one with usage."""
    for kind, stream in (
        ("image_generation", client.images.generate(model="gpt-image-1", prompt="a cat", stream=True, partial_images=2)),
        ("image_edit", client.images.edit(model="gpt-image-1", prompt="x", image=("a.png", png()), stream=True, partial_images=2)),
    ):
        events = list(stream)
        assert [event.type for event in events] == [f"{kind}.partial_image"] * 2 + [f"{kind}.completed"]
        assert [event.partial_image_index for event in events[:2]] == [0, 1]
        assert events[-1].usage.output_tokens > 200
        assert len({_image(event.b64_json).tobytes() for event in events}) == 3


def test_errors_become_its_exceptions(client, server):
    """Refusals and faults arrive as the package's own exceptions."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="gpt-image-1", prompt="a cat", response_format="url")
    assert (refused.value.code, refused.value.param) == ("unknown_parameter", "response_format")
    server.play("429", retry_after=3)
    with pytest.raises(openai.RateLimitError) as limited:
        client.images.generate(model="gpt-image-1", prompt="a cat")
    assert limited.value.response.headers["retry-after"] == "3"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-wrong").images.generate(model="gpt-image-1", prompt="a cat")
