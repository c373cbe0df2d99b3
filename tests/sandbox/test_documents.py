"""What each document accepts is answered in its shape; what it does not accept is refused in its platform's manner."""

import base64
import io

import pytest
from PIL import Image

ACCEPTED = [
    # document 000
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "横版 16:9 电影画幅,黄昏时的海边老灯塔", "response_format": "url"}),
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "1024x1024 方形 LOGO,极简猫咪线条", "response_format": "b64_json"}),
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "竖版 9:16 手机壁纸,赛博朋克城市雨夜"}),
    # document 001
    ("ezmodel", {"model": "dall-e-3", "prompt": "一只在太空中行走的可爱猫咪,写实风格", "size": "1024x1024", "quality": "standard", "n": 1}),
    ("ezmodel", {"prompt": "a cat", "n": 2, "size": "256x256", "response_format": "b64_json", "user": "me"}),
    ("ezmodel", {"model": "dall-e-3", "prompt": "a cat", "size": "1792x1024", "quality": "hd", "style": "natural"}),
    # document 003
    (
        "json-images",
        {
            "model": "gpt-image-2-all",
            "size": "1024x1024",
            "n": 1,
            "prompt": "将他们合并在一起",
            "image": [
                "https://imageproxy.zhongzhuan.chat/api/proxy/image/c42f4361295d6d70e3228498855c5814.png",
                "https://imageproxy.zhongzhuan.chat/api/proxy/image/5b718c199e90b1fbbe06e7db9d88ebab.jpg",
            ],
        },
    ),
    # document 004
    ("openai-compatible", {"model": "gpt-image-2", "prompt": "A futuristic skyline at dusk", "size": "1024x1024"}),
    (
        "openai-compatible",
        {
            "model": "gpt-image-2",
            "prompt": "A clean studio product photo of a matte white ceramic mug",
            "size": "1024x1024",
            "quality": "low",
            "response_format": "url",
        },
    ),
    # OpenAI's specification
    ("openai", {"model": "gpt-image-2", "prompt": "a cat", "size": "1536x864", "background": "transparent", "output_format": "webp"}),
    ("openai", {"model": "gpt-image-1", "prompt": "a cat", "moderation": "low", "output_format": "jpeg", "output_compression": 50}),
    ("", {"model": "dall-e-3", "prompt": "a cat", "style": "vivid", "response_format": "b64_json"}),
    ("", {"prompt": "a cat", "quality": "low"}),
    ("", {"model": "a-model-of-tomorrow", "prompt": "a cat"}),
    # the union
    ("sandbox", {"prompt": "a cat", "seed": 7, "response_format": "data_url", "something": "else", "size": "300x200"}),
]

REFUSED = [
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "x", "size": "1024x1024"}, 400, "unknown_parameter", "size"),
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "x", "n": 1}, 400, "unknown_parameter", "n"),
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "x", "quality": "high"}, 400, "unknown_parameter", "quality"),
    ("apiyi", {"model": "gpt-image-2-all", "prompt": "x", "response_format": "png"}, 400, "invalid_value", "response_format"),
    ("apiyi", {"prompt": "x"}, 400, "missing_required_parameter", "model"),
    ("apiyi", {"model": "gpt-image-2", "prompt": "x"}, 503, "model_not_found", "model"),
    ("ezmodel", {"prompt": "x" * 1001}, 400, "string_above_max_length", "prompt"),
    ("ezmodel", {"model": "dall-e-3", "prompt": "画" * 4001}, 400, "string_above_max_length", "prompt"),
    ("ezmodel", {"prompt": "x", "n": 11}, 400, "integer_above_max_value", "n"),
    ("ezmodel", {"prompt": "x", "n": 0}, 400, "integer_below_min_value", "n"),
    ("ezmodel", {"model": "dall-e-3", "prompt": "x", "n": 2}, 400, "integer_above_max_value", "n"),
    ("ezmodel", {"prompt": "x", "size": "auto"}, 400, "invalid_value", "size"),
    ("ezmodel", {"prompt": "x", "quality": "hd"}, 400, "invalid_value", "quality"),
    ("ezmodel", {"prompt": "x", "style": "vivid"}, 400, "invalid_value", "style"),
    ("ezmodel", {"prompt": "x", "background": "opaque"}, 400, "unknown_parameter", "background"),
    ("ezmodel", {"model": "gpt-image-2", "prompt": "x"}, 503, "model_not_found", "model"),
    ("json-images", {"model": "gpt-image-2-all", "prompt": "x", "size": "auto"}, 400, "invalid_value", "size"),
    ("json-images", {"model": "m", "prompt": "x", "response_format": "url"}, 400, "unknown_parameter", "response_format"),
    ("json-images", {"model": "m", "prompt": "x", "n": "1"}, 400, "invalid_type", "n"),
    ("json-images", {"model": "m", "prompt": "x", "image": "https://example.com/base-image.png"}, 400, "invalid_type", "image"),
    (
        "json-images",
        {"model": "m", "prompt": "x", "image": ["https://example.com/base-image.png"] * 6},
        400,
        "array_above_max_length",
        "image",
    ),
    ("json-images", {"model": "m", "prompt": "x", "image": ["https://example.com/nothing.png"]}, 400, "invalid_image_url", "image[0]"),
    ("json-images", {"model": "m", "prompt": "x", "image": ["data:image/png;base64,***"]}, 400, "invalid_base64", "image[0]"),
    ("openai-compatible", {"model": "gpt-image-2", "prompt": "x", "size": "512x512"}, 400, "invalid_value", "size"),
    ("openai-compatible", {"model": "gpt-image-2", "prompt": "x", "quality": "hd"}, 400, "invalid_value", "quality"),
    ("openai-compatible", {"model": "gpt-image-2", "prompt": "x", "style": "vivid"}, 400, "unknown_parameter", "style"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "response_format": "url"}, 400, "unknown_parameter", "response_format"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "seed": 1}, 400, "unknown_parameter", "seed"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "size": "1000x1000"}, 400, "invalid_value", "size"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "size": "4096x1024"}, 400, "invalid_value", "size"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "size": "3200x800"}, 400, "invalid_value", "size"),
    ("openai", {"model": "gpt-image-2", "prompt": "x", "size": "256x256"}, 400, "invalid_value", "size"),
    ("openai", {"model": "gpt-image-1", "prompt": "x", "size": "1536x864"}, 400, "invalid_value", "size"),
    ("openai", {"model": "gpt-image-1", "prompt": "x", "quality": "hd"}, 400, "invalid_value", "quality"),
    ("openai", {"model": "gpt-image-1", "prompt": "x", "style": "vivid"}, 400, "invalid_value", "style"),
    ("openai", {"model": "gpt-image-1", "prompt": "x", "partial_images": 4}, 400, "integer_above_max_value", "partial_images"),
    (
        "openai",
        {"model": "gpt-image-1", "prompt": "x", "background": "transparent", "output_format": "jpeg"},
        400,
        "invalid_value",
        "background",
    ),
    ("openai", {"model": "gpt-image-1", "prompt": "x", "output_compression": 50}, 400, "invalid_value", "output_compression"),
    ("openai", {"model": "gpt-image-1", "prompt": "x" * 32_001}, 400, "string_above_max_length", "prompt"),
    ("openai", {"model": "gpt-image-1", "prompt": ""}, 400, "empty_string", "prompt"),
    ("openai", {"model": "gpt-image-1"}, 400, "missing_required_parameter", "prompt"),
    ("openai", {"model": "dall-e-3", "prompt": "x", "n": 2}, 400, "integer_above_max_value", "n"),
    ("openai", {"model": "dall-e-3", "prompt": "x", "size": "512x512"}, 400, "invalid_value", "size"),
    ("openai", {"model": "dall-e-2", "prompt": "x", "quality": "hd"}, 400, "invalid_value", "quality"),
    ("openai", {"model": "dall-e-2", "prompt": "x", "stream": True}, 400, "invalid_value", "stream"),
    ("openai", {"model": "no-such-model", "prompt": "x"}, 404, "model_not_found", "model"),
    ("sandbox", {"prompt": "x", "n": 11}, 400, "integer_above_max_value", "n"),
    ("sandbox", {"prompt": "x", "size": "9999x9999"}, 400, "invalid_value", "size"),
]


@pytest.mark.parametrize(("profile", "body"), ACCEPTED)
def test_documented_generations_are_answered(ask, get, profile, body):
    """Every documented example gets a picture, handed over as the document says."""
    reply = ask(profile, "generations", json=body)
    assert reply.status == 200, reply.body
    for item in reply.json["data"]:
        if "url" in item:
            data = get(item["url"]).body
        else:
            data = base64.b64decode(item["b64_json"].rpartition(",")[2])
        assert Image.open(io.BytesIO(data)).size[0] >= 16
    assert len(reply.json["data"]) == body.get("n", 1)


@pytest.mark.parametrize(("profile", "body", "status", "code", "param"), REFUSED)
def test_violations_are_refused_in_the_platforms_manner(ask, profile, body, status, code, param):
    """What a document does not accept is refused, naming the field, in the envelope of its platform."""
    reply = ask(profile, "generations", json=body)
    error = reply.json["error"]
    assert (reply.status, error["code"], error["param"]) == (status, code, param)
    assert error["type"]
    if profile in ("", "openai", "sandbox"):
        assert reply.headers["x-request-id"].startswith("req_")
        assert "request id" not in error["message"]
    else:
        assert error["message"].endswith(f"(request id: {reply.headers['x-oneapi-request-id']})")


def test_apiyi_answers_without_a_date_and_with_a_data_url(ask):
    """Document 000: no ``created``, and b64_json carries its prefix."""
    reply = ask("apiyi", "generations", json={"model": "gpt-image-2-all", "prompt": "方形 猫", "response_format": "b64_json"})
    assert list(reply.json) == ["data"]
    assert reply.json["data"][0]["b64_json"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("front", "size"),
    [("横版 16:9 海", (1536, 864)), ("竖版 9:16 城", (864, 1536)), ("1024x1024 猫", (1024, 1024)), ("1024×1536 猫", (1024, 1536))],
)
def test_the_front_of_the_prompt_gives_the_size(ask, get, front, size):
    """Document 000: size and ratio are read from the front of the prompt."""
    reply = ask("apiyi", "generations", json={"model": "gpt-image-2-all", "prompt": front})
    assert Image.open(io.BytesIO(get(reply.json["data"][0]["url"]).body)).size == size


def test_ezmodel_revises_the_prompts_of_dall_e_3_alone(ask):
    """Document 001: ``revised_prompt`` belongs to dall-e-3; addresses are the default."""
    third = ask("ezmodel", "generations", json={"model": "dall-e-3", "prompt": "a cat"}).json
    second = ask("ezmodel", "generations", json={"prompt": "a cat"}).json
    assert third["data"][0]["revised_prompt"].startswith("a cat")
    assert list(second["data"][0]) == ["url"]
    assert isinstance(third["created"], int)


def test_json_images_answers_webp_behind_an_address(ask, get):
    """Document 003: ``revised_prompt`` and an address that ends in .webp, and is WebP."""
    item = ask("json-images", "generations", json={"model": "gpt-image-2-all", "prompt": "x"}).json["data"][0]
    assert sorted(item) == ["revised_prompt", "url"]
    assert item["url"].endswith(".webp")
    reply = get(item["url"])
    assert reply.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(reply.body)).format == "WEBP"


def test_openai_answers_say_what_was_made(ask):
    """OpenAI: bare base64 with size, quality, background, output_format and usage; no address."""
    body = ask(
        "openai", "generations", json={"model": "gpt-image-1", "prompt": "a cat", "quality": "high", "background": "transparent"}
    ).json
    assert (body["size"], body["quality"], body["background"], body["output_format"]) == ("1024x1024", "high", "transparent", "png")
    usage = body["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    image = Image.open(io.BytesIO(base64.b64decode(body["data"][0]["b64_json"])))
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((512, 512))[3] == 255


def _files(png, name="image[]", count=1, kind="image/png"):
    return [(name, f"ref{number}.png", kind, png(64 + number, 48)) for number in range(1, count + 1)]


def test_edits_of_every_document(ask, png, hole):
    """Multipart and JSON edits are answered where the documents have them."""
    apiyi = [("model", "gpt-image-2-all"), ("prompt", "把图1的人物放进图2的场景,参考图3的画风"), ("response_format", "b64_json")]
    assert ask("apiyi", "edits", fields=apiyi, files=_files(png, count=3)).status == 200
    other = [("model", "gpt-image-2"), ("prompt", "在天空中加入热气球")]
    masked = [*_files(png, "image"), ("mask", "mask.png", "image/png", hole(65, 48, (0, 0, 10, 10)))]
    for profile in ("openai-compatible", "openai", "", "sandbox"):
        assert ask(profile, "edits", fields=other, files=masked).status == 200
        body = {"model": "gpt-image-2", "prompt": "换种风格", "size": "1024x1024", "quality": "medium"}
        reply = ask(profile, "edits", json={**body, "images": [{"image_url": "https://example.com/base-image.png"}]})
        assert reply.status == 200
        assert reply.json["usage"]["input_tokens_details"]["image_tokens"] > 0
    assert ask("openai", "variations", fields=[("model", "dall-e-2")], files=[("image", "a.png", "image/png", png(64, 64))]).status == 200


@pytest.mark.parametrize(
    ("profile", "fields", "files", "status", "code"),
    [
        ("apiyi", {}, ["image"], 400, "unknown_parameter"),
        ("apiyi", {}, [], 400, "missing_required_parameter"),
        ("apiyi", {}, ["image[]", "mask"], 400, "unknown_parameter"),
        ("apiyi", {"size": "1024x1024"}, ["image[]"], 400, "unknown_parameter"),
        ("ezmodel", {}, ["image"], 404, ""),
        ("json-images", {}, ["image"], 404, ""),
        ("openai", {"moderation": "low"}, ["image"], 400, "unknown_parameter"),
        ("openai", {"model": "gpt-image-1", "n": "two"}, ["image"], 400, "invalid_type"),
        ("openai", {"model": "gpt-image-2", "input_fidelity": "high"}, ["image"], 400, "invalid_input_fidelity_model"),
        ("openai", {}, ["image"] * 2, 400, "duplicate_parameter"),
        ("openai", {}, ["image[]"] * 17, 400, "array_above_max_length"),
        ("openai", {"model": "dall-e-3"}, ["image"], 400, "invalid_value"),
    ],
)
def test_edits_that_a_document_does_not_accept(ask, png, profile, fields, files, status, code):
    """Wrong field names, counts and words are refused in multipart edits too."""
    sent = {"model": "gpt-image-2-all" if profile == "apiyi" else "gpt-image-1", "prompt": "x", **fields}
    reply = ask(profile, "edits", fields=list(sent.items()), files=[(name, "a.png", "image/png", png(16, 16)) for name in files])
    assert (reply.status, reply.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("images", "code"),
    [
        ([], "missing_required_parameter"),
        ([{"image_url": "https://example.com/base-image.png", "file_id": "file-1"}], "invalid_value"),
        ([{"image_url": "https://example.com/base-image.png", "detail": "high"}], "unknown_parameter"),
        ([{"image_url": "ftp://example.com/a.png"}], "invalid_value"),
        ([{"image_url": "https://example.com/dead.png"}], "invalid_image_url"),
    ],
)
def test_image_references_follow_the_specification(ask, images, code):
    """ImageRefParam: ``image_url`` xor ``file_id``, no other key, and something behind the address."""
    reply = ask("openai", "edits", json={"model": "gpt-image-2", "prompt": "x", "images": images})
    assert (reply.status, reply.json["error"]["code"]) == (400, code)


def test_pictures_over_ten_megabytes_are_refused_by_apiyi(ask):
    """Document 002: 10 MB each."""
    files = [("image[]", "a.png", "image/png", bytes(10 * 1024 * 1024 + 1))]
    reply = ask("apiyi", "edits", fields=[("model", "gpt-image-2-all"), ("prompt", "x")], files=files)
    assert (reply.status, reply.json["error"]["code"]) == (413, "file_too_large")


@pytest.mark.parametrize("profile", ["", "openai", "apiyi", "ezmodel", "json-images", "openai-compatible"])
def test_keys(ask, profile):
    """No key and a wrong key are 401, a poor one is the platform's word for no money; the sandbox needs none."""
    body = {"model": "dall-e-2", "prompt": "x"}
    assert ask(profile, "generations", json=body, key=None).status == 401
    assert ask(profile, "generations", json=body, key="sk-wrong").status == 401
    poor = ask(profile, "generations", json=body, key="sk-poor")
    expected = (429, "insufficient_quota") if profile in ("", "openai") else (403, "insufficient_user_quota")
    assert (poor.status, poor.json["error"]["code"]) == expected
    assert ask("sandbox", "generations", json=body, key=None).status == 200


def test_broken_bodies(ask):
    """Broken JSON, broken multipart, and other media types are refused, not crashed on."""
    for raw, kind in (
        (b"{", "application/json"),
        (b"--X\r\n", "multipart/form-data; boundary=X"),
        (b"x", "text/plain"),
        (b"[]", "application/json"),
    ):
        for path in ("generations", "edits"):
            assert ask("openai", path, raw=raw, kind=kind).status == 400


def test_pictures_that_are_none(ask, png):
    """A text, a cut picture and an empty file are refused where they stand."""
    for data in (b"hello", png()[:60], b""):
        files = [("image", "a.png", "image/png", data)]
        reply = ask("openai", "edits", fields=[("model", "gpt-image-1"), ("prompt", "x")], files=files)
        assert (reply.status, reply.json["error"]["param"]) == (400, "image")


def test_masks_that_do_not_fit(ask, png, hole):
    """A mask of another size, without alpha, or that is no PNG is refused."""
    for mask in (hole(10, 10, (0, 0, 1, 1)), png(64, 48), png(64, 48, form="JPEG")):
        files = [("image", "a.png", "image/png", png(64, 48)), ("mask", "m.png", "image/png", mask)]
        reply = ask("openai", "edits", fields=[("model", "gpt-image-1"), ("prompt", "x")], files=files)
        assert (reply.status, reply.json["error"]["param"]) == (400, "mask")
