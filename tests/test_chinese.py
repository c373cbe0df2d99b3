"""In a Chinese session the errors are Chinese, whole sentences with their values in them, parted by Chinese marks."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

import pytest
from PIL import Image

import imgcell
from imgcell import errors

HAN = re.compile(r"[\u4e00-\u9fff]")
#: Words of our English sentences; a translated one has none of them.
ENGLISH = re.compile(r" (the|is|was|not|and|of|it) ", re.IGNORECASE)


@pytest.fixture(autouse=True)
def chinese(fresh_options):
    """A session whose language is set, wherever it runs."""
    fresh_options.language = "zh-CN"


@pytest.fixture
def client(server):
    """A client of a provider that edits with masks, and asks for a key."""
    with imgcell.Client("openai", base_url=server.url("openai"), api_key="sk-test") as made:
        yield made


def picture(width=64, height=48, mode="RGB"):
    """The bytes of a small PNG."""
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def check(error, *values, hint=True):
    """Message and hint are Chinese, complete, and hold *values*; only the hint may be missing."""
    assert HAN.search(error.message), error.message
    assert HAN.search(error.hint or "") or not hint, error.hint
    text = str(error)
    assert not re.search(r"\{\w*\}", text), text
    assert not ENGLISH.search(text), text
    for value in values:
        assert value in text, text


def test_a_missing_key():
    """It names the provider, the variable to set and every other way to go on."""
    with imgcell.Client("apiyi") as client, pytest.raises(errors.MissingKeyError) as caught:
        client.generate("一只猫")
    check(caught.value, "没有 apiyi 的 API 密钥", "APIYI_API_KEY", "`keyring set imgcell apiyi`", "api_key=", '"sandbox"')


def test_an_unknown_provider():
    """It names the near ones."""
    with pytest.raises(errors.InvalidJobError) as caught:
        imgcell.Client("apiyii")
    check(caught.value, "没有服务商 'apiyii'", "apiyi")


def test_a_missing_file(client, server, tmp_path):
    """It names the file, and the one of nearly that name."""
    (tmp_path / "灯塔.png").write_bytes(picture())
    with pytest.raises(errors.InvalidJobError) as caught:
        client.edit("改成夜景", images=[tmp_path / "灯塔.jpg"])
    check(caught.value, str(tmp_path / "灯塔.jpg"), "灯塔.png")
    assert server.requests == []


def test_a_damaged_file(client, server, tmp_path):
    """The reason stands in the middle of the sentence, which has one end."""
    (tmp_path / "半张.png").write_bytes(picture()[:-8])
    with pytest.raises(errors.InvalidJobError) as caught:
        client.edit("改成夜景", images=[tmp_path / "半张.png"])
    check(caught.value, "半张.png", hint=False)
    assert "。." not in str(caught.value)
    assert server.requests == []


def test_a_mask_of_another_size(client, server):
    """It names both sizes, and the call that makes them the same."""
    with pytest.raises(errors.InvalidJobError) as caught:
        client.edit("加一只热气球", images=[picture()], mask=Image.new("L", (10, 20), 255))
    check(caught.value, "蒙版是 10x20", "64x48", "imgcell.Mask(mask).fit((64, 48))")
    assert server.requests == []


def test_an_unknown_outcome(client, server):
    """It says that the request went out and may have been charged, when, and under which entry of the ledger."""
    server.play("close")
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        client.generate("一只猫")
    error = caught.value
    check(error, "openai", "请求已发送，可能已扣费", error.attempt)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", error.hint)


def test_a_refusal(client, server):
    """The provider's own words stay as they are; ours around them say that nothing was charged."""
    server.play("quota")
    with pytest.raises(errors.QuotaExceededError) as caught:
        client.generate("一只猫")
    assert caught.value.message.startswith("服务商表示额度或余额已用完：")
    assert "未扣费" in caught.value.hint


def test_a_connection_that_cannot_be_made(closed_port):
    """It says that nothing was sent and nothing charged."""
    with imgcell.Client("openai", base_url=f"http://127.0.0.1:{closed_port}/v1", api_key="sk-test") as client:
        with pytest.raises(errors.NotSentError) as caught:
            client.generate("一只猫")
    assert caught.value.message.startswith(f"无法连接到 127.0.0.1:{closed_port}：")
    assert caught.value.hint.startswith("未发送，未扣费。")


@pytest.fixture
def closed_port():
    """A port of this machine that is taken and does not listen, so that nobody else can."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "没有 apiyi 的 API 密钥"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "没有 apiyi 的 API 密钥"),
        ({"LANG": "en_US.UTF-8"}, "No API key for apiyi"),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_the_environment_decides(variables, said):
    """A process started by a Chinese desktop says it in Chinese, without anything being set in imgcell."""
    kept = {name: text for name, text in os.environ.items() if name not in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")}
    script = """
import imgcell
try:
    imgcell.Client("apiyi").generate("x")
except imgcell.errors.MissingKeyError as error:
    print("\\n".join(error.lines()))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, **variables, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert said in ran.stdout
    assert "APIYI_API_KEY" in ran.stdout


def test_sentences_and_clauses_are_parted_as_the_language_parts_them(fresh_options):
    """Chinese marks have their gap in themselves; what ends or begins without one is still parted."""
    from imgcell.language import joined, listed

    assert joined("未扣费。", None, "请稍等。", "") == "未扣费。请稍等。"
    assert joined("Not now.", "请稍等。", "Again.") == "Not now. 请稍等。Again."
    assert joined("重新编码为 JPEG", "（质量 90）") == "重新编码为 JPEG（质量 90）"
    assert listed("2 张图片", "", "≈ $0.08", None) == "2 张图片，≈ $0.08"
    fresh_options.language = "en"
    assert joined("Not charged.", "Wait a little.") == "Not charged. Wait a little."
    assert listed("2 pictures", "≈ $0.08") == "2 pictures, ≈ $0.08"


def test_the_catalogue_has_chinese_marks():
    """A sentence ends where the English one does, and no western mark stands after a Chinese character (shapes of arrays aside)."""
    from imgcell.language import _catalogue

    wrong = []
    for template, text in _catalogue("zh-CN").items():
        prose = re.sub(r"`[^`]*`|\([高通][^)]*\)", "", text)
        ends = {".": "。", "?": "？"}
        if ends.get(template[-1], "") != (text[-1] if text[-1] in "。？" else "") or re.search(r"[\u4e00-\u9fff][,.;:?!]", prose):
            wrong.append(f"{template} = {text}")
    assert not wrong, "\n".join(wrong)
