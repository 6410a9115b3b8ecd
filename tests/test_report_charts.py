"""Charts are valid specifications of aggregates, drawn offline, legible on light and dark paper."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heldout.agent.report.charts import chart, describe, svg
from heldout.tools.verify.evidence import Picture
from tests import sample_result as made

ROOT = Path(__file__).resolve().parents[1]
KINDS = [p.kind for p in made.PICTURES]


@pytest.fixture(scope="module")
def specs() -> dict[str, dict[str, Any]]:
    return {p.kind: chart(p) for p in made.PICTURES}


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_a_valid_specification_that_json_keeps(specs: dict[str, dict[str, Any]], kind: str) -> None:
    import altair

    altair.Chart.from_dict(specs[kind], validate=True)
    assert json.loads(json.dumps(specs[kind], allow_nan=False)) == specs[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_holds_its_data_and_no_address(specs: dict[str, dict[str, Any]], kind: str) -> None:
    text = json.dumps(specs[kind])
    assert '"url"' not in text
    assert '"expr"' not in text
    assert len(specs[kind]["data"]["values"]) == len(next(p for p in made.PICTURES if p.kind == kind).records)


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_stands_on_its_own(specs: dict[str, dict[str, Any]], kind: str) -> None:
    drawn = svg(specs[kind])
    assert drawn.startswith("<svg")
    assert not re.search(r"<script|<image|<foreignObject|href=", drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_dark_paper_changes_every_colour_that_must_change(specs: dict[str, dict[str, Any]], kind: str) -> None:
    light, dark, both = (svg(specs[kind], dark=mode) for mode in (False, True, None))
    assert "<style>" not in light
    assert re.search(r'<style>\[fill="#27313a"\]\{fill:#e6ebef\}', dark)
    assert "prefers-color-scheme:dark" in both
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', light))
    assert all(f'"{colour}"]' in dark for colour in used), used


def test_groups_are_labelled_with_their_size_and_value(specs: dict[str, dict[str, Any]]) -> None:
    drawn = svg(specs["groups"])
    for text in ("Gentoo (n = 640)", "5,076", "body_mass by species", "middle half of the rows"):
        assert text in drawn


def test_shares_are_printed_in_percent(specs: dict[str, dict[str, Any]]) -> None:
    assert "42.7 %" in svg(specs["rates"])
    assert "Share of nest_success = yes by island" in svg(specs["rates"])
    assert "74 %" in svg(specs["shares"])
    assert "Torgersen (n = 600)" in svg(specs["shares"])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("groups", "Average of body_mass by species: Gentoo 5,076, not Gentoo 3,711."),
        ("rates", "Share of nest_success = yes by island: Dream 42.7 %, Torgersen 18.2 %."),
        ("curve", "Average of body_mass by flipper_length: 3,200 at 178, 5,540 at 232."),
        ("series", "Average of body_mass by year: 4,100 at 2007, 4,340 at 2015."),
    ],
)
def test_a_chart_is_described_in_a_sentence(specs: dict[str, dict[str, Any]], kind: str, words: str) -> None:
    assert describe(specs[kind]) == words


def test_only_five_hundred_records_are_drawn() -> None:
    records = tuple({"x": float(i), "mean": 1.0 * i, "n": 2} for i in range(900))
    assert len(chart(Picture(kind="curve", x_title="x", y_title="y", records=records))["data"]["values"]) == 500


@pytest.mark.parametrize(
    ("kind", "records"),
    [
        ("groups", ({"label": "a", "mean": 1.0}, {"label": "b", "mean": 2.0, "n": None, "low": None})),
        ("rates", ({"label": "a", "share": 0.5},)),
        ("curve", ({"x": 1.0, "mean": 2.0}, {"x": 2.0, "mean": 3.0})),
        ("shares", ({"x": "a", "y": "b", "share": 1.0},)),
        ("series", ({"date": "2020-01-01", "mean": 2.0}, {"date": "2021-01-01", "mean": 3.0})),
        ("series", ({"date": 3.5, "mean": 2.0}, {"date": 48, "mean": 3.0})),
        ("groups", ()), ("rates", ()), ("curve", ()), ("shares", ()), ("series", ()),
    ],
)  # fmt: skip
def test_records_may_lack_what_is_not_needed(kind: Any, records: tuple) -> None:
    import altair

    spec = chart(Picture(kind=kind, x_title="x", y_title="y", records=records))
    altair.Chart.from_dict(spec, validate=True)
    assert svg(spec).startswith("<svg")


def test_whole_numbers_with_few_values_have_a_tick_each() -> None:
    records = tuple({"x": float(i), "mean": 0.2 * i, "n": 9} for i in (1, 2, 3))
    drawn = svg(chart(Picture(kind="curve", x_title="class", y_title="share of rows", records=records)))
    assert ">1.5<" not in drawn
    assert "of the rows with each value" in drawn
    assert "60%" in drawn


def test_bins_of_several_values_are_not_called_values(specs: dict[str, dict[str, Any]]) -> None:
    drawn = svg(specs["curve"])
    assert "in groups of similar size" in drawn
    assert "e+" not in drawn


def test_crowded_positive_positions_get_a_logarithmic_axis() -> None:
    crowded = tuple({"x": 1.5 * 2**i, "mean": 1.0 * i} for i in range(8))
    even = tuple({"x": 1.5 + 10 * i, "mean": 1.0 * i} for i in range(8))
    assert "logarithmic" in json.dumps(chart(Picture(kind="curve", x_title="x", y_title="y", records=crowded)))
    assert "logarithmic" not in json.dumps(chart(Picture(kind="curve", x_title="x", y_title="y", records=even)))


def test_names_and_labels_reach_the_drawing_as_text_only() -> None:
    bad = "</text><script>alert(1)</script>"
    records = ({"label": bad, "mean": 1.0, "n": 3}, {"label": "b\x1b\u202e", "mean": 2.0, "n": 3})
    drawn = svg(chart(Picture(kind="groups", x_title=bad, y_title=bad, records=records)), dark=None)
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn


def test_long_names_are_cut() -> None:
    records = tuple({"label": f"{i}" + "x" * 400, "mean": 1.0 * i, "n": 3} for i in range(2))
    drawn = svg(chart(Picture(kind="groups", x_title="y" * 400, y_title="z" * 400, records=records)))
    width = re.search(r'width="(\d+)', drawn)
    assert width
    assert int(width[1]) <= 520
    assert "x" * 60 not in drawn


def test_times_are_drawn_alike_in_every_zone() -> None:
    code = (
        "from heldout.agent.report.charts import chart, svg\n"
        "from heldout.tools.verify.evidence import Picture\n"
        "r = tuple({'date': f'20{i}-01-01T00:00:00', 'mean': 1.0 * i} for i in range(10, 20))\n"
        "print(svg(chart(Picture(kind='series', x_title='day', y_title='y', records=r))))"
    )
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"TZ": zone}, capture_output=True, text=True,
            check=True,
        ).stdout
        for zone in ("Pacific/Auckland", "America/Los_Angeles")
    }  # fmt: skip
    assert len(drawn) == 1
    assert ">2012<" in drawn.pop()


def test_a_time_is_described_by_its_day() -> None:
    records = tuple({"date": f"20{i}-01-01T00:00:00", "mean": 1.0 * i, "n": 5} for i in range(10, 20))
    spec = chart(Picture(kind="series", x_title="day", y_title="y", records=records))
    assert describe(spec) == "Average of y by day: 10 at 2010-01-01, 19 at 2019-01-01."
