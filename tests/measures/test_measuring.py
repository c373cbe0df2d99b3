"""imgcell.measure(): every measure of every picture by itself, several at a time, each content once."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.measures import Measures, Metric, find, names, register, registry, shelf
from imgcell.measures.measuring import measure
from imgcell.pictures import Sheet


@pytest.fixture
def three(make_picture, photo):
    """A sheet of three pictures that differ."""
    return Sheet([make_picture(photo(seed=number)) for number in range(3)])


def test_everything_about_a_picture_is_measured_at_once(three):
    """Without names: all that needs the picture alone, a row for each, by number and by id."""
    found = measure(three)
    assert isinstance(found, Measures)
    assert len(found) == 3
    assert found[three[1].record.id] is found[1]
    assert found[0]["id"] == three[0].record.id
    assert {"width", "bytes", "transparent", "mean_color", "sharpness", "hash"} <= set(found.columns)
    assert "ssim" not in found.columns
    assert found.problems == ()
    assert found[0]["mean_red"] == pytest.approx(np.asarray(three[0])[..., 0].mean(), abs=0.001)


def test_what_has_a_sheet_is_measured_as_its_sheet(three):
    """A Sweep or a Studio need not be taken apart first."""
    found = measure(SimpleNamespace(sheet=three), "sharpness")
    assert [row["id"] for row in found] == [picture.record.id for picture in three]


def test_with_a_baseline_all_comparisons_are_made_too(three):
    """One picture for all: it is itself, the others are not."""
    found = measure(three, baseline=three[0])
    assert found[0]["psnr"] == float("inf")
    assert found[0]["ssim"] == pytest.approx(1.0, abs=1e-6)
    assert found[0]["hash_distance"] == 0
    assert found[1]["psnr"] < 30


def test_a_baseline_for_each(three, make_picture, photo):
    """As many as there are pictures: pair by pair; any other number is refused."""
    found = measure(three, "psnr", [make_picture(photo(seed=number)) for number in range(3)])
    assert [row["psnr"] for row in found] == [float("inf")] * 3
    with pytest.raises(InvalidJobError, match="there are 2 for 3"):
        measure(three, "psnr", list(three[:2]))


def test_a_baseline_along_the_axes_of_a_sweep(make_picture, photo):
    """Each is compared with the one that differs from it in the named axis alone, repeat by repeat."""
    sheet = Sheet(axes={"model": ["a", "b"], "quality": ["low", "high"]}, running=True)
    pictures = [make_picture(photo(seed=seed)) for seed in (1, 2, 1, 3)]  # b/low is a/low again, b/high is not a/high
    for place, picture in enumerate(pictures):
        sheet._add(picture, place)
    sheet._finish()
    found = measure(sheet, "psnr", {"model": "a"})
    assert [row["psnr"] == float("inf") for row in found] == [True, True, True, False]
    with pytest.raises(InvalidJobError, match=r"no axis 'size'"):
        measure(sheet, "psnr", {"size": "1x1"})
    with pytest.raises(InvalidJobError, match=r"no value 'c'.*It has a, b"):
        measure(sheet, "psnr", {"model": "c"})


def test_the_parent_as_a_baseline(server, make_picture, photo):
    """Each edit is compared with what it was made from; what was made from words has no parent, and that is no problem."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox")) as client:
        first = client.generate("a kite", size="1024x1024")[0]
        edited = client.edit("make it night", images=[first], size="1024x1024")[0]
    lost = make_picture(photo(), kind="PNG", parents=("p-20260101-000000-aaaaaaa-0",))
    found = measure([first, edited, lost], ["psnr"], "parent")
    assert found[0]["psnr"] is None
    assert found[1]["psnr"] == measure(edited, "psnr", first)[0]["psnr"]
    assert found[2]["psnr"] is None
    assert [problem.position for problem in found.problems] == [2]
    seen = []
    needs = Metric("both", lambda picture, parent: seen.append((picture.record.id, parent.record.id)) or 1, "parent")
    assert [row["both"] for row in measure([first, edited], needs)] == [None, 1]
    assert seen == [(edited.record.id, first.record.id)]


def test_a_baseline_that_did_not_come_has_its_reason(make_picture, photo):
    """The rest is measured all the same."""
    sheet = Sheet(axes={"model": ["a", "b"]}, running=True)
    sheet._fail(ImgcellError("refused"), 0)
    sheet._add(make_picture(photo()), 1)
    sheet._finish()
    found = measure(sheet, ["psnr", "hash"], {"model": "a"})
    assert found[0]["psnr"] is None
    assert found[0]["hash"]
    assert [(problem.metric, problem.position) for problem in found.problems] == [("psnr", 1)]


def test_functions_of_the_user_s_own(three):
    """A function of the picture gives a column; one that returns several values gives several."""
    found = measure(
        three, ["sharpness", {"bright": lambda p: np.asarray(p).mean(), "both": lambda p: {"wide": p.width, "name": p.record.id}}]
    )
    assert found.columns == ("sharpness", "sharpness_1024", "bright", "both.wide", "both.name")
    assert found[2]["bright"] == pytest.approx(np.asarray(three[2]).mean())
    assert isinstance(found[2]["bright"], float)
    assert found[1]["both.name"] == three[1].record.id
    assert not any(picture.loaded for picture in list(three)[:2])


def test_a_function_of_two_pictures_gets_the_baseline(three):
    """A second parameter without a default makes it a comparison."""

    def apart(picture, baseline, power=1):
        return float(np.abs(np.asarray(picture, float) - np.asarray(baseline, float)).mean()) ** power

    found = measure(three, {"apart": apart}, baseline=three[0])
    assert found[0]["apart"] == 0.0
    assert found[1]["apart"] > 0
    with pytest.raises(InvalidJobError, match="compares a picture with another one"):
        measure(three, {"apart": apart})


def test_one_that_fails_takes_nothing_with_it(three):
    """An exception, an exit or a value that is none gives None there and the reason; everything else is measured."""

    def moody(picture):
        if picture.record.id == three[1].record.id:
            raise ZeroDivisionError("no such luck")
        return 7

    found = measure(three, {"moody": moody, "leaves": lambda p: sys.exit("bye"), "odd": lambda p: object, "fine": lambda p: p.width})
    assert [row["moody"] for row in found] == [7, None, 7]
    assert [row["fine"] for row in found] == [96, 96, 96]
    assert [row["odd"] for row in found] == [None, None, None]
    reasons = {(problem.position, problem.metric): problem.reason for problem in found.problems}
    assert reasons[1, "moody"] == "ZeroDivisionError: no such luck"
    assert "bye" in reasons[0, "leaves"]
    assert "no number" in reasons[2, "odd"]
    assert len(reasons) == 7
    assert found.at(1)["moody.problem"] == "ZeroDivisionError: no such luck"


def test_a_damaged_picture_takes_nothing_with_it(make_picture, photo, tmp_path):
    """A file that is gone is None with its reason; the other pictures are measured."""
    from imgcell.pictures import FileSource, Picture

    good, bad = make_picture(photo()), make_picture(photo(seed=5))
    path = tmp_path / "gone.png"
    path.write_bytes(bad.data)
    gone = Picture(FileSource(path, bad.source.sha256, bad.source.size), bad.record)
    path.unlink()
    found = measure([good, gone], ["color", "sharpness"])
    assert found[0]["mean_color"]
    assert found[1]["mean_color"] is None
    assert {problem.metric for problem in found.problems} == {"color", "sharpness"}


def test_slow_functions_run_beside_each_other(three):
    """All three are under way before the first may end: a judge that takes seconds is asked about several at a time."""
    together = threading.Barrier(3, timeout=30)

    def judge(picture):
        together.wait()
        return 1

    assert [row["judge"] for row in measure(three, {"judge": judge}, workers=3)] == [1, 1, 1]


def test_awaitable_functions_are_awaited(three):
    """An async def is a function like any other."""

    async def judge(picture):
        await asyncio.sleep(0)
        return picture.width

    assert [row["judge"] for row in measure(three, {"judge": judge})] == [96, 96, 96]


def test_progress_is_told(three):
    """A function hears how many are done, up to all of them, on the thread that asked."""
    heard, threads = [], set()

    def hear(done, everything):
        heard.append((done, everything))
        threads.add(threading.current_thread())

    measure(three, {"one": lambda p: 1, "two": lambda p: 2}, progress=hear)
    assert heard[-1] == (6, 6)
    assert heard == sorted(heard)
    assert threads == {threading.current_thread()}


def test_an_interrupt_leaves_what_has_not_begun(three):
    """What is under way may end; nothing more is asked, and the interrupt reaches whoever asked."""
    asked, go = [], threading.Event()

    def judge(picture):
        asked.append(picture.record.id)
        go.wait(30)

    def stop(done, everything):
        raise KeyboardInterrupt

    def first(picture):
        return 1

    try:
        with pytest.raises(KeyboardInterrupt):
            measure(three, {"first": first, "judge": judge}, workers=1, progress=stop)
    finally:
        go.set()
    assert len(asked) <= 1


def test_a_long_measurement_says_how_far_it_is(three, capsys, monkeypatch):
    """A line on the error stream, which is gone at the end; nothing with progress=False, nothing for what is quick."""
    from imgcell.measures import progress

    measure(three, {"quick": lambda p: 1})
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_PACE", 0.0)
    measure(three, {"silent": lambda p: 2}, progress=False)
    assert capsys.readouterr().err == ""
    measure(three, {"told": lambda p: 3})
    said = capsys.readouterr().err
    assert "\rmeasured: 3 of 3" in said
    assert said.endswith("\r")
    assert not said.split("\r")[-2].strip()


def test_in_a_notebook_nothing_is_left_of_it(three, capsys, monkeypatch):
    """A place in the cell's output that changes and is empty at the end; the error stream would leave a red bar."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from imgcell.measures import progress

    class Heard(CapturingDisplayPublisher):
        """Not what captures a cell, though it keeps what it is given."""

    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_PACE", 0.0)
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    heard = Heard()
    monkeypatch.setattr(shell, "display_pub", heard)
    try:
        measure(three, {"seen": lambda p: 4})
    finally:
        InteractiveShell.clear_instance()
    assert capsys.readouterr().err == ""
    told = [one["data"] for one in heard.outputs]
    assert {"text/plain": "measured: 3 of 3"} in told
    assert not any(told[-1].values())
    assert "text/html" in told[-1]
    assert len({one["transient"]["display_id"] for one in heard.outputs}) == 1
    assert [one["update"] for one in heard.outputs] == [False] + [True] * (len(told) - 1)


def test_the_same_content_is_measured_once(make_picture, photo):
    """Two pictures of the same bytes are one question; asked again, it is none at all."""
    asked = itertools.count(1)

    def judge(picture):
        return next(asked)

    sheet = Sheet([make_picture(photo()), make_picture(photo()), make_picture(photo(seed=1))])
    first = measure(sheet, {"judge": judge}, workers=1)
    assert first[0]["judge"] == first[1]["judge"]
    assert sorted({row["judge"] for row in first}) == [1, 2]
    assert measure(sheet, {"judge": judge}) == first
    assert {row["judge"] for row in measure(sheet, {"judge": judge}, cache=False)} == {3, 4}


def test_what_was_drawn_on_is_another_picture(make_picture, photo):
    """The digest of the file no longer speaks for it."""
    picture = make_picture(photo())
    before = measure(picture, "color")[0]
    picture.paste((255, 0, 0), (0, 0, *picture.size))
    assert measure(picture, "color")[0]["mean_color"] == "#ff0000" != before["mean_color"]


def test_failures_are_not_remembered(three):
    """A judge that was out of reach is asked again."""
    answers = iter([RuntimeError("away"), 5, 5, 5])

    def judge(picture):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert [row["judge"] for row in measure(three, {"judge": judge}, workers=1)].count(None) == 1
    assert [row["judge"] for row in measure(three, {"judge": judge}, workers=1)] == [5, 5, 5]


def test_it_is_kept_beside_the_library(server):
    """Another session reads what was measured, and what is damaged there is measured again."""
    with imgcell.Client(base_url=server.base_url, api_key="sk-test") as client:
        sheet = client.generate("a kite", size="1024x1024")
    found = measure(sheet, ["sharpness"])
    home = sheet[0].source.path.parents[2]
    (file,) = (home / "measures").glob("*/*.json")
    assert file.stem == sheet[0].source.sha256
    document = json.loads(file.read_text("utf-8"))
    assert document["sharpness@1"] == {name: found[0][name] for name in ("sharpness", "sharpness_1024")}

    file.write_text(json.dumps({"sharpness@1": {"sharpness": -1, "sharpness_1024": -2}}), "utf-8")
    shelf.forget()
    assert measure(sheet, "sharpness")[0]["sharpness"] == -1  # it is believed
    for damaged in (
        "{",
        '{"sharpness@1": {"sharpness": 3}}',
        '{"sharpness@1": 7}',
        "[]",
        '{"sharpness@1": {"sharpness": [], "sharpness_1024": 1}}',
    ):
        file.write_text(damaged, "utf-8")
        shelf.forget()
        assert measure(sheet, "sharpness")[0] == found[0]


def test_pictures_of_any_kind_can_be_measured(photo, tmp_path):
    """PIL images, arrays and paths have their number as an id."""
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    found = measure([Image.fromarray(photo()), photo(), str(tmp_path / "photo.png")], "color")
    assert [row["id"] for row in found] == ["0", "1", "2"]
    assert len({row["mean_color"] for row in found}) == 1
    with pytest.raises(InvalidJobError):
        measure([7], "color")


def test_what_there_is_not_is_said(three):
    """Unknown names list what there is; names that are taken and things that are no functions are refused."""
    with pytest.raises(InvalidJobError, match=r"no measure called 'sharp'.*sharpness"):
        measure(three, "sharp")
    with pytest.raises(InvalidJobError, match="already"):
        measure(three, {"ssim": len})
    with pytest.raises(InvalidJobError, match="no function"):
        measure(three, {"mine": 7})
    with pytest.raises(InvalidJobError, match="7 is no measure"):
        measure(three, 7)
    with pytest.raises(InvalidJobError, match="baseline="):
        measure(three, "psnr")


def test_without_the_extra_the_name_says_what_to_install(three, monkeypatch):
    """Asked for by name SSIM is an ImportError; in "everything" it is a reason, and the rest is measured."""

    def missing(name, *args):
        if name == "skimage":
            raise ModuleNotFoundError(name)
        return importlib_import(name, *args)

    importlib_import = registry.import_module
    monkeypatch.setattr(registry, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install imgcell\[measures\]"):
        measure(three, "ssim", three[0])
    found = measure(three, baseline=three[0])
    assert found[1]["ssim"] is None
    assert found[1]["psnr"] > 0
    assert {problem.metric for problem in found.problems} == {"ssim"}
    assert len(found.problems) == 3


def test_a_registered_measure_has_a_name(three, monkeypatch):
    """It is found, listed and part of everything, until the session ends; names of imgcell's own stay its own."""
    monkeypatch.setattr(registry, "_registered", {})
    metric = register(Metric("area", lambda picture: picture.width * picture.height))
    assert find("area") is metric
    assert "area" in names("picture")
    assert measure(three)[0]["area"] == 96 * 64
    with pytest.raises(InvalidJobError, match="already"):
        register(Metric("ssim", len))


def test_every_measure_that_comes_with_it_is_what_it_says(three):
    """Each name is found under its own name, and what it returns are its columns."""
    for name in names():
        metric = find(name)
        assert metric.name == name
        if metric.needs != "parent":
            found = measure(three, name, three[0] if metric.needs == "baseline" else None)
            assert found.columns == metric.columns
            assert not found.problems


def test_near_duplicates_are_found(make_picture, photo):
    """The same picture in another format belongs together, others do not."""
    kinds = [(0, "PNG"), (4, "PNG"), (0, "JPEG"), (9, "PNG"), (4, "WEBP")]
    sheet = Sheet([make_picture(photo(200, 160, seed=seed), kind) for seed, kind in kinds])
    ids = [record.id for record in sheet.records]
    assert sorted(measure(sheet, "hash").duplicates()) == sorted([(ids[0], ids[2]), (ids[1], ids[4])])
    with pytest.raises(KeyError):
        measure(sheet, "color").duplicates()


def test_it_shows_as_a_table(three):
    """Rows with short numbers, reasons below; ids and texts are escaped."""

    def fails(picture):
        raise ValueError("<b>no</b>")

    found = measure(three, ["sharpness", {"<i>": lambda p: 1 / 3, "fails": fails}])
    assert "0.3333" in str(found)
    assert "fails could not be measured for 3 of them: ValueError: <b>no</b>" in str(found)
    page = found._repr_html_()
    assert "&lt;b&gt;no" in page
    assert "<i>" not in page
    assert three[0].record.id in page
    assert str(measure([], "color"))


def test_a_data_frame_has_reasons_too(three):
    """A row a picture, missing values as NaN, and a column with the reason where something failed."""
    pandas = pytest.importorskip("pandas")
    first = three[0].record.id

    def fails(picture):
        if picture.record.id == first:
            raise ValueError("no")
        return 2

    frame = measure(three, ["sharpness", {"score": fails}]).to_pandas()
    assert list(frame.index) == [record.id for record in three.records]
    assert frame["score"].isna().tolist() == [True, False, False]
    assert frame["score.problem"].iloc[0] == "ValueError: no"
    assert pandas.api.types.is_float_dtype(frame["sharpness"])


def test_measures_are_columns_of_the_sheet_s_frame(make_picture, photo):
    """to_pandas(metrics=…, baseline=…) has the rows of the sheet with their numbers; facts keep their columns."""
    pytest.importorskip("pandas")
    sheet = Sheet(axes={"model": ["a", "b", "c"]}, running=True)
    sheet._add(make_picture(photo(seed=1), model="a"), 0)
    sheet._fail(ImgcellError("refused"), 1)
    sheet._add(make_picture(photo(seed=2), model="c"), 2)
    sheet._finish()
    frame = sheet.to_pandas(failed=True, metrics=["hash_distance", {"provider": lambda p: "mine"}], baseline={"model": "a"})
    assert frame["hash_distance"].tolist()[0] == 0
    assert frame["hash_distance"].tolist()[2] > 0
    assert frame["outcome"].tolist() == ["picture", "failed", "picture"]
    assert frame["provider"].tolist()[0] == "sandbox"
    assert frame["measured.provider"].tolist()[0] == "mine"
