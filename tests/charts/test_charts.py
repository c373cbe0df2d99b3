"""Plots as SVG: well-formed and harmless whatever the names, to scale, and honest about what is unknown."""

import itertools
import math
from xml.etree import ElementTree as ET

import pytest

from imgcell import charts
from imgcell.charts.drawing import clipped, number, ticks, width_of

HOSTILE = "<script>alert(1)</script>'\"&\u202e\x00\ud800]]> 灯塔"

SVG = "{http://www.w3.org/2000/svg}"


def _all(name):
    return [
        charts.intervals([(name, 1.0, 0.5, 1.5), ("b", None, None, None)], title=name, label=name, reference=0),
        charts.bars([(name, 0.5), ("b", None)], title=name, label=name, texts=[name, name]),
        charts.lines({name: [(0, 1.0), (1, None), (2, 3.0)], "b": [(0, 2.0)]}, title=name, x=name, y=name),
        charts.lines({name: [(0, 1.0), (1, 2.0)]}, names=[name, name]),
        charts.scatter([(1.0, 2.0, name), (None, 2.0, name)], title=name, x=name, y=name),
    ]


@pytest.mark.parametrize("number_of_chart", range(5))
def test_hostile_names_stay_text(number_of_chart):
    """Every plot is well-formed XML of drawing elements only, with nothing that runs or turns the text around."""
    chart = _all(HOSTILE)[number_of_chart]
    for text in (chart.svg, chart.standalone):
        root = ET.fromstring(text.encode("utf-8"))
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags <= {"svg", "text", "line", "path", "rect", "circle", "title", "style"}
        assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
        assert "\u202e" not in text
    assert "灯塔" in chart.svg
    assert chart._repr_mimebundle_() == {"text/html": chart.svg, "text/plain": chart.text}


@pytest.mark.parametrize("chart", [charts.intervals([]), charts.bars([]), charts.lines({}), charts.scatter([])])
def test_nothing_is_a_plot_too(chart):
    """Without rows, series or points there is an empty plot, not an error."""
    ET.fromstring(chart.svg)


def test_unknown_is_said_and_never_zero():
    """None, NaN and infinity get a word, not a mark."""
    chart = charts.bars([("a", None), ("b", math.nan), ("c", math.inf)])
    assert chart.text.count("unknown") == 3
    assert not ET.fromstring(chart.svg).findall(f"{SVG}rect")
    assert charts.intervals([("a", math.nan, 0, 1)]).text == "a: unknown"
    assert "Unknown: z" in charts.scatter([(None, 1.0, "z")]).text
    broken = charts.lines({"a": [(0, 1.0), (1, 2.0), (2, None), (3, 1.0)]})
    path = ET.fromstring(broken.svg).findall(f"{SVG}path")[0].get("d")
    assert path.count("M") == 2


def test_bars_are_to_scale():
    """A value twice as large has a bar twice as long, both from zero."""
    rects = ET.fromstring(charts.bars([("a", 2.0), ("b", 4.0)]).svg).findall(f"{SVG}rect")
    assert float(rects[1].get("width")) == pytest.approx(2 * float(rects[0].get("width")), abs=0.2)
    assert rects[0].get("x") == rects[1].get("x")


def test_intervals_are_to_scale():
    """The line of an interval reaches from its lower to its upper end, around its mark."""
    root = ET.fromstring(charts.intervals([("a", 1.0, 0.0, 3.0)]).svg)
    mark = float(root.find(f"{SVG}circle").get("cx"))
    line = next(each for each in root.findall(f"{SVG}line") if each.get("stroke-width") == "2.5")
    low, high = float(line.get("x1")), float(line.get("x2"))
    assert (mark - low) * 2 == pytest.approx(high - mark, abs=0.3)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 7), (0.0012, 0.0013), (5, 5), (0, 0), (-1e6, 1e9), (0.1, 0.7)])
def test_ticks_are_round_and_reach_around_the_data(low, high):
    """Few, evenly apart, from below the least to above the most."""
    marks = ticks(low, high)
    assert marks[0] <= low <= high <= marks[-1]
    assert 2 <= len(marks) <= 9
    steps = [b - a for a, b in itertools.pairwise(marks)]
    assert all(step == pytest.approx(steps[0], rel=1e-6) for step in steps)
    assert f"{steps[0]:.5e}"[:4] in ("1.00", "2.00", "2.50", "5.00")


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1234.5, "1,234"), (0.0625, "0.0625"), (-0.5, "−0.5"), (12.345, "12.3"), (3.0, "3")])
def test_figures_have_three_digits_that_count(value, text):
    """Short, with a true minus sign."""
    assert number(value) == text


def test_long_names_are_clipped_to_their_room():
    """In Chinese too, whose letters are wider."""
    for name in ("a model with a very long name indeed", "一个名字很长很长很长的模型供应商"):
        short = clipped(name, 80)
        assert short.endswith("…")
        assert width_of(short) <= 80
    assert width_of("灯塔") > 1.5 * width_of("xy")


def test_a_chart_saves_as_a_file_for_light_and_dark(tmp_path):
    """The file brings the colors that a page would have given it."""
    path = charts.bars([("模型", 1.0)]).save(tmp_path / "图.svg")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert "prefers-color-scheme:dark" in text
    assert "模型" in text
