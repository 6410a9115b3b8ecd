"""Axes are labelled as the sentences print figures, and figures do not run into each other where lines lie close."""

import re

from heldout.agent.report.charts import chart, svg
from heldout.agent.report.html import to_html
from heldout.tools.verify.evidence import Picture
from tests import sample_result as made


def curve(xs: list[float], size: float) -> str:
    records = tuple({"x": x, "mean": size * (at + 1), "n": 40} for at, x in enumerate(xs))
    return svg(chart(Picture(kind="curve", x_title="x", y_title="budget", records=records)))


def hours(n: int) -> Picture:
    records = tuple(
        {"label": str(h), "mean": 10.0 + h, "n": 90, "q25": 5.0, "q75": 60.0, "median": 9.0} for h in range(n)
    )
    return Picture(kind="groups", x_title="hour", y_title="count", records=records)


def test_years_between_bins_carry_no_separator() -> None:
    drawn = curve([1980.5, 1992.2, 2001.7, 2012.4], 1.0)
    assert ">1990<" in drawn
    assert "1,990" not in drawn


def test_large_figures_are_told_in_millions_and_billions() -> None:
    assert re.search(r">\d+ million<", curve([1.5, 2.5, 3.5], 4e7))
    assert re.search(r">[\d.]+ billion<", curve([1.5, 2.5, 3.5], 4e9))
    assert not re.search(r">[^<]*000,000<", curve([1.5, 2.5, 3.5], 4e7))
    assert "million" not in curve([1.5, 2.5, 3.5], 4e4)


def test_large_figures_of_groups_are_told_so_too() -> None:
    records = ({"label": "a", "mean": 4e7, "n": 9}, {"label": "b", "mean": 9e7, "n": 9})
    drawn = svg(chart(Picture(kind="groups", x_title="g", y_title="budget", records=records)))
    assert not re.search(r">[^<]*000,000<", drawn)


def test_figures_of_many_lines_stand_beside_their_bars_not_over_the_next() -> None:
    def text(picture: Picture) -> dict:
        return next(x for x in chart(picture)["layer"] if x["mark"]["type"] == "text")

    crowded, roomy = text(hours(24)), text(hours(5))
    assert "dy" not in crowded["mark"]
    assert crowded["encoding"]["x"]["field"] == "edge"
    assert roomy["encoding"]["x"]["field"] == "mean"
    assert chart(hours(24))["data"]["values"][0]["edge"] == 60.0


def test_what_a_test_allowed_for_is_evidence_and_no_caveat_on_a_card() -> None:
    found = made.findings()
    found[0]["warnings"] = ("Neighbouring days depend on each other (lag-1 correlation 0.31); allowed for.",)
    page = to_html(made.sample(findings=found))
    assert "Caveat: Neighbouring days" not in page
    assert "allowed for." in page
