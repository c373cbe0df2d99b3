"""Every request and answer that the five documents print."""

from __future__ import annotations

import base64
import json

import pytest

from imgcell import providers
from imgcell.jobs import Edit, Generate, InputImage
from imgcell.wire import json_images, openai
from imgcell.wire.answers import pictures_in
from imgcell.wire.base64text import MemoryExtract
from imgcell.wire.flow import FormBody, JsonBody, Reply
from imgcell.wire.request import json_chunks, json_length

DIALECTS = {"openai": openai, "json_images": json_images}


def first_call(provider, job, images=(), mask=None):
    """The first request for a job, after it was checked."""
    profile = providers.get(provider)
    model = profile.model(job.model)
    providers.check(job, images, mask, model)
    return next(DIALECTS[profile.dialect].converse(job, images, mask, model))


# The bodies as the documents print them; what is sent is the same without the white space between the tokens.
GENERATIONS = {
    "000 curl": (
        "apiyi",
        Generate("横版 16:9 电影画幅,黄昏时的海边老灯塔", model="gpt-image-2-all", response_format="url"),
        """
{
  "model": "gpt-image-2-all",
  "prompt": "横版 16:9 电影画幅,黄昏时的海边老灯塔",
  "response_format": "url"
}
""",
    ),
    "000 Python": (
        "apiyi",
        Generate("横版 16:9 日落海边的老灯塔,电影画幅,写实风格", response_format="url"),
        """{
        "model": "gpt-image-2-all",
        "prompt": "横版 16:9 日落海边的老灯塔,电影画幅,写实风格",
        "response_format": "url"
    }""",
    ),
    "000 Python b64_json": (
        "apiyi",
        Generate("1024x1024 方形 LOGO,极简猫咪线条", response_format="b64_json"),
        """{
        "model": "gpt-image-2-all",
        "prompt": "1024x1024 方形 LOGO,极简猫咪线条",
        "response_format": "b64_json"
    }""",
    ),
    "000 browser": (
        "apiyi",
        Generate("竖版 9:16 手机壁纸,赛博朋克城市雨夜", response_format="b64_json"),
        '{"model": "gpt-image-2-all", "prompt": "竖版 9:16 手机壁纸,赛博朋克城市雨夜", "response_format": "b64_json"}',
    ),
    "001 curl": (
        "ezmodel",
        Generate("一只在太空中行走的可爱猫咪,写实风格", model="dall-e-3", n=1, size="1024x1024"),
        """{
"model": "dall-e-3",
"prompt": "一只在太空中行走的可爱猫咪,写实风格",
"n": 1,
"size": "1024x1024"
}""",
    ),
    "001 Python": (
        "ezmodel",
        Generate("一只在太空中行走的可爱猫咪,写实风格", model="dall-e-3", size="1024x1024", quality="standard", n=1),
        '{"model": "dall-e-3", "prompt": "一只在太空中行走的可爱猫咪,写实风格", "n": 1, "size": "1024x1024", "quality": "standard"}',
    ),
    "004 quick start": (
        "openai-compatible",
        Generate("A futuristic skyline at dusk", model="gpt-image-2", size="1024x1024"),
        """{
"model": "gpt-image-2",
"prompt": "A futuristic skyline at dusk",
"size": "1024x1024"
}""",
    ),
    "004 Python": (
        "openai-compatible",
        Generate("A futuristic skyline at dusk", size="1024x1024", quality="medium"),
        '{"model": "gpt-image-2", "prompt": "A futuristic skyline at dusk", "size": "1024x1024", "quality": "medium"}',
    ),
    "004 url": (
        "openai-compatible",
        Generate("A clean studio product photo of a matte white ceramic mug", size="1024x1024", quality="low", response_format="url"),
        """{
"model": "gpt-image-2",
"prompt": "A clean studio product photo of a matte white ceramic mug",
"size": "1024x1024",
"quality": "low",
"response_format": "url"
}""",
    ),
}


@pytest.mark.parametrize("example", GENERATIONS)
def test_generations_are_sent_as_printed(example):
    """The body of each printed generation, byte for byte but for white space between tokens."""
    provider, job, printed = GENERATIONS[example]
    call = first_call(provider, job)
    assert (call.method, call.path, call.paid, call.stream) == ("POST", "images/generations", True, False)
    assert isinstance(call.body, JsonBody)
    sent = b"".join(json_chunks(call.body.document))
    assert sent == json.dumps(json.loads(printed), ensure_ascii=False, separators=(",", ":")).encode()
    assert json_length(call.body.document) == len(sent)


@pytest.mark.parametrize(
    ("prompt", "count", "response_format"),
    [("把背景换成海边黄昏", 1, "url"), ("把图1的人物放进图2的场景,参考图3的画风", 3, "b64_json"), ("把背景换成太空", 1, "url")],
)
def test_002_edits_are_forms_with_image_repeated_in_order(pictures, prompt, count, response_format):
    """Document 002: model, prompt, response_format, then image[] once for each picture, in order."""
    given = pictures(count)
    call = first_call("apiyi", Edit(prompt, images=given, response_format=response_format), given)
    assert call.path == "images/edits"
    assert call.body == FormBody(
        (
            ("model", "gpt-image-2-all"),
            ("prompt", prompt),
            ("response_format", response_format),
            *(("image[]", picture) for picture in given),
        )
    )


def test_003_edits_through_generations_with_addresses():
    """Document 003's example, byte for byte: addresses stand in the JSON array as they are."""
    addresses = [
        "https://imageproxy.zhongzhuan.chat/api/proxy/image/c42f4361295d6d70e3228498855c5814.png",
        "https://imageproxy.zhongzhuan.chat/api/proxy/image/5b718c199e90b1fbbe06e7db9d88ebab.jpg",
    ]
    printed = (
        '{\n  "model": "gpt-image-2-all",\n  "size": "1024x1024",\n  "n": 1,\n  "prompt": "将他们合并在一起",\n  "image": [\n    "'
        + '",\n    "'.join(addresses)
        + '"\n  ]\n}'
    )
    images = [InputImage(url=address) for address in addresses]
    call = first_call("json-images", Edit("将他们合并在一起", images=addresses, size="1024x1024"), images)
    assert call.path == "images/generations"
    assert b"".join(json_chunks(call.body.document)) == json.dumps(json.loads(printed), ensure_ascii=False, separators=(",", ":")).encode()


def test_003_local_pictures_travel_as_data_urls(pictures, tmp_path):
    """A picture in memory and one in a file become data URLs; the length is known before anything is encoded."""
    in_memory = pictures(1)[0]
    path = tmp_path / "猫.webp"
    path.write_bytes(bytes(range(256)) * 1201)
    in_file = InputImage("image/webp", path=path, size=path.stat().st_size)
    call = first_call("json-images", Edit("合并", images=["a", "b"]), [in_memory, in_file])
    sent = b"".join(json_chunks(call.body.document))
    assert json_length(call.body.document) == len(sent)
    document = json.loads(sent)
    assert document["image"][0] == "data:image/png;base64," + base64.b64encode(in_memory.data).decode()
    assert document["image"][1] == "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()


def test_004_edits_as_json_name_the_address():
    """Document 004's JSON edit, byte for byte."""
    printed = """{
"model": "gpt-image-2",
"prompt": "换种风格",
"size": "1024x1024",
"quality": "medium",
"images": [
{ "image_url": "https://example.com/base-image.png" }
]
}"""
    image = InputImage(url="https://example.com/base-image.png")
    call = first_call("openai-compatible", Edit("换种风格", images=[image.url], size="1024x1024", quality="medium"), [image])
    assert call.path == "images/edits"
    assert b"".join(json_chunks(call.body.document)) == json.dumps(json.loads(printed), ensure_ascii=False, separators=(",", ":")).encode()


def test_004_edits_with_a_mask_are_forms(pictures):
    """Document 004's form: one image, a mask; the document shows the mask in a form only, so it goes in one."""
    image, mask = pictures(2)
    call = first_call("openai-compatible", Edit("在天空中加入热气球", images=[image], mask=mask), [image], mask)
    assert call.path == "images/edits"
    assert isinstance(call.body, FormBody)
    assert sorted(call.body.fields, key=lambda field: field[0]) == [
        ("image", image),
        ("mask", mask),
        ("model", "gpt-image-2"),
        ("prompt", "在天空中加入热气球"),
    ]


ANSWERS = {
    "000 and 002 url": '{"data": [{"url": "https://r2cdn.copilotbase.com/r2cdn2/00aaa9fb-756c-4119-a4a0-4a44fc75152b.png"}]}',
    "000 both, the base64 cut short in print": (
        '{"data": [{"url": "https://r2cdn.copilotbase.com/r2cdn2/00aaa9fb-756c-4119-a4a0-4a44fc75152b.png",'
        ' "b64_json": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA..."}]}'
    ),
    "003": (
        '{\r\n    "created": 1776909189,\r\n    "data": [\r\n        {\r\n            "revised_prompt": "",\r\n            "url":'
        ' "https://pro.filesystem.site/cdn/20260423/a8092bb17204bd0ed7cbd603c5b5c7.webp"\r\n        }\r\n    ]\r\n}'
    ),
}


@pytest.mark.parametrize("example", ANSWERS)
def test_printed_answers_hold_one_address(example):
    """Each printed answer gives its one picture's address, and an empty revised_prompt is none."""
    (found,) = pictures_in(json.loads(ANSWERS[example]))
    assert found.url.startswith("https://")
    assert found.image is None
    assert found.revised_prompt is None


def test_a_data_url_in_b64_json_is_a_picture():
    """Documents 000 and 002: b64_json that already has its prefix."""
    document = {"data": [{"b64_json": "data:image/png;base64," + base64.b64encode(b"\x89PNG....").decode()}]}
    (found,) = pictures_in(document)
    assert found.image.read() == b"\x89PNG...."


def test_001_answers_carry_created_url_and_revised_prompt(drive):
    """Document 001: created, url, revised_prompt; the address is fetched without being paid again."""
    job = Generate("猫", model="dall-e-3")
    flow = openai.converse(job, (), None, providers.get("ezmodel").model("dall-e-3"))
    answer = Reply(200, document={"created": 1700000000, "data": [{"url": "https://cdn.example/x.png", "revised_prompt": "一只猫"}]})
    told = drive(flow, answer, Reply(200, image=MemoryExtract(b"PNG")))
    assert told.error is None
    assert (told.calls[1].method, told.calls[1].path, told.calls[1].paid) == ("GET", "https://cdn.example/x.png", False)
    (final,) = told.finals
    assert (final.image.read(), final.url, final.revised_prompt) == (b"PNG", "https://cdn.example/x.png", "一只猫")
    assert final.facts == {"created": 1700000000}
