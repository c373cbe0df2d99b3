"""In a Chinese session whole outputs are Chinese: no English word is left but names, and Chinese marks part the sentences."""

from __future__ import annotations

import html
import re

import pytest

#: What stays as it is: code, prompts, addresses, files, ids, options, lists of them, and values with a mark in them.
KEPT = re.compile(
    r"`[^`]*`|“[^”]*”|'[^']*'|https?://\S+|(?<![\w.])/[\w./-]+|\b(?:blobs|records)/\S+|\b[ap]-[\w-]{8,}|(?<!\w)-{1,2}[a-z]+"
    r"|[\w-]+(, -*[\w-]+)+|%{1,2}im\w+[ \w\[\]|…-]*|[\w.\[\]]*\.\w+\([^)]*\)|\.?\b\w+(\.\w+)+|\$\w+|\bgpt-image-\S+|\b[A-Z_]{2,}\b"
    r"|\w*_\w*|\{\w+\}|\w+=|^Out\[0\]:",
    re.ASCII,
)
#: What is called so in Chinese, too.
NAMES = {"imgcell", "openai", "OpenAI", "Picture", "Sheet", "Studio", "alpha", "generate", "edit", "cat", "hat", "min"}
#: A western mark after Chinese, or a gap after a Chinese mark.
MIXED = re.compile(r"[\u4e00-\u9fff）][,;:?!.](?!\w)|[。！？；：，、] ")


def check(text):
    """Raise if *text* is not Chinese as a whole."""
    assert re.search(r"[\u4e00-\u9fff]", text), text
    words = set(re.findall(r"[A-Za-z]{2,}", KEPT.sub(" ", text))) - NAMES
    assert not words, f"{sorted(words)} in:\n{text}"
    assert not (found := MIXED.search(text)), f"{found[0]!r} in:\n{text}"


def words(markup):
    """The texts of HTML: what is read, and what is shown where the pointer rests."""
    bare = re.sub(r"<(style|pre|code)\b.*?</\1>", " ", markup, flags=re.S)
    texts = [*re.findall(r'(?:title|alt)="([^"]*)"', bare), *re.split(r"<[^>]+>", bare)]
    return [text for text in map(html.unescape, texts) if re.search(r"[\u4e00-\u9fff]", text)]


@pytest.fixture
def chinese(fresh_options, monkeypatch, server, cell):
    """Run a cell in a Chinese session with a provider that has prices; return its output as text, checked."""
    import imgcell.magics.session as remembered

    monkeypatch.setenv("OPENAI_BASE_URL", server.url("openai"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("IMGCELL_PROVIDER", "openai")
    for name, value in vars(remembered.Session()).items():
        monkeypatch.setattr(remembered.session, name, value)
    fresh_options.language = "zh-CN"
    cell("import imgcell")

    def run(text):
        ran = cell(text)
        if ran.error is None:
            # What a plan would send stands as it is sent.
            said = [ran.out, ran.err, *(bundle.get("text/plain", "").partition("\nPOST ")[0] for bundle in ran.bundles)]
            for part in (part for bundle in ran.bundles for part in words(bundle.get("text/html", ""))):
                check(part)
        else:
            # The first line of an error begins with its class.
            said = ["\n".join(ran.error.lines()).partition(": ")[2]]
        together = "\n".join(filter(None, (part.strip() for part in said)))
        check(together)
        return together

    return run


def test_what_a_session_begins_with(chinese):
    """Where one stands, what can be typed, and what a cell would send and cost."""
    assert "服务商" in chinese("%imgcell")
    assert "[选项]" in chinese("%imagine --help")
    assert "蒙版" in chinese("%imgedit --help")
    assert "预算" in chinese("%imgcell help")
    assert chinese("%imgcell use openai") == "魔法命令现在使用 openai。"
    plan = chinese("%%imagine cat --plan -m gpt-image-1 -n 2\n一只猫")
    assert re.search(r"图片：2 张，请求：1 个，价格：≈ \$0\.\d+。未发送任何请求。$", plan), plan


def test_what_was_made(chinese):
    """Pictures, what the library has of them, what is said of them, and the bin."""
    chinese("%%imagine cats -m gpt-image-1 -n 2\n两只猫")
    assert "来自图库" in chinese("%%imagine cats -m gpt-image-1 -n 2 --once\n两只猫")
    assert "未发送任何请求。直接取自图库、不收费：2 张。" in chinese("%%imagine cats -m gpt-image-1 -n 2 --once --plan\n两只猫")
    assert "2 张图片" in chinese("%imgcell history 两只猫")
    assert chinese("%imgcell history 没有的") == "图库中没有这样的图片。"
    assert chinese("%imgcell star _images[0] 4") == "★★★★ · 1 张图片"
    assert chinese("%imgcell tag _images[0] 帽子 猫").endswith("：帽子，猫")
    assert chinese("%imgcell note _images[1]").endswith("：没有备注")
    assert chinese("%imgcell delete _images[1]").startswith("已将 1 张图片移入回收站。`%imgcell undo`")
    assert chinese("%imgcell undo") == "已恢复 1 张图片。"


def test_where_a_picture_comes_from(chinese):
    """The chain of edits, its recipe, and what it would cost to make again."""
    chinese("%%imagine cat\n一只猫")
    chinese("%%imgedit hat -i cat\n戴帽子")
    assert "编辑历程：共 2 张图片" in chinese("hat.lineage()")
    assert "配方，共 2 步。" in chinese("imgcell.from_recipe(hat.recipe())")
    assert re.search(r"步骤：2 步。价格：≈ \$0\.\d+。未发送任何请求。$", chinese("imgcell.from_recipe(hat.recipe()).plan()"))
    assert "没有配方的标记" in chinese("imgcell.from_recipe('{}')")
    assert "步骤编号为 0 到 1" in chinese("hat.replay(from_=9)")


def test_what_it_cost(chinese, server):
    """The bill, budgets, what they refuse, and what may have been charged for nothing."""
    chinese("%%imagine cat -m gpt-image-1\n一只猫")
    assert chinese("%imgcell spend day").startswith("今天 $0.")
    chinese("%imgcell spend provider model")
    assert "没有设置预算。imgcell.budget(5)" in chinese("%imgcell budget")
    for words in ("0.1 cell", "5 day", "4"):
        assert "上限" in chinese(f"%imgcell budget {words}")
    assert "这个单元格的预算 $0.10 中" in chinese("%%imagine cat --yes -q high -m gpt-image-1\n四只猫")
    chinese("%imgcell budget 1 CNY cell")
    assert "两者无法比较。未发送任何请求。" in chinese("%%imagine cat --yes -m gpt-image-1\n四只猫")
    chinese("%imgcell budget off cell")
    assert "剩余 $" in chinese("%imgcell")
    server.play("close")
    assert "请求已发送，可能已扣费。\n重新发送前" in chinese("%%imagine cat --yes -m gpt-image-1\n五只猫")
    assert "估算 $" in chinese("%imgcell spend")
    assert "未收到响应；可能已扣费" in chinese("%imgcell unsettled")
    assert "没有可下载的内容" in chinese("imgcell.unsettled()[0].fetch()")


def test_what_asks_and_what_is_wrong(chinese, imgcell_home):
    """A question that nobody can answer, words that are none, and a library with damage."""
    assert "将生成 9 张图片，≈ $" in chinese("%%imagine cats -n 9\n九只猫")
    for text in ("%imgcell foo", "%imagine -x 3", "%imgcell budget foo", "%imgcell replay foo", "%imgcell history --foo"):
        chinese(text)
    chinese("%%imagine cat\n一只猫")
    assert "完好无损" in chinese("imgcell.library().verify()")
    (blob,) = (path for path in (imgcell_home / "blobs").rglob("*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(b"cut")
    (imgcell_home / "records" / "p-20260101-120000-abcdefg-0.json").write_text("{}")
    assert "的图库有 2 个问题。" in chinese("imgcell.library().verify()")


def test_sweeps_and_masks(chinese):
    """What is there of them, what a sweep would make, and what is kept beside a mask."""
    assert "参数扫描" in chinese("%imgcell sweeps")
    assert "图库中没有参数扫描 'one'。" in chinese("%imgcell sweeps one")
    assert "只接受一个编号" in chinese("%imgcell sweeps 1 2")
    assert "将生成 20 张图片，≈ $" in chinese("%%imagine cats -m gpt-image-1 -q low,high -n 10\n十只猫")
    assert "还没有已存蒙版" in chinese("%imgcell masks")
    chinese("%%imagine cat\n一只猫")
    assert "没有蒙版" in chinese("%%imgedit hat -i cat --keep\n戴帽子")
