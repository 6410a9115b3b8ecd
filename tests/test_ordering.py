"""The first screen tells each fact once, what was asked and nothing else, and makers before what they make."""

import numpy as np
import pytest

from heldout.agent.ordering import HEADLINES, Ranked, Table, ranked
from heldout.tools.data.rows import Rows
from heldout.tools.explore.lead import Structure
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.naming import property_of
from heldout.tools.text.properties import Mentions
from heldout.tools.verify.evidence import Verdict
from heldout.tools.verify.hypothesis import (
    Condition,
    Contrast,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    RateDifference,
    Subgroup,
)
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.verify import judge


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rising(outcome: str, predictor: str) -> MonotoneAssociation:
    return MonotoneAssociation(outcome=outcome, predictor=predictor, direction="increasing")


def rule(outcome: str, *terms: tuple[str, float]) -> Subgroup:
    conditions = tuple(Condition(column=name, op=">=", value=value) for name, value in terms)
    return Subgroup(outcome=outcome, predictor=terms[0][0], rule=conditions, direction="higher")


def verdicts(rows: Rows, *claims: Hypothesis) -> tuple[Verdict, ...]:
    found = judge(claims, rows, Rule(), [None] * len(claims), weight=1.0, earlier=0, split="held_out").verdicts
    assert all(v.outcome == "verified" for v in found)
    return found


def screen(first: Ranked) -> list[tuple[str, str]]:
    """Outcome and predictor of the first screen, in order."""
    own = [v for v in first.verdicts if v.hypothesis_id in first.headlines]
    assert list(first.verdicts[: len(own)]) == own  # the first screen comes first
    return [(v.hypothesis.outcome, v.hypothesis.predictor) for v in own]


def made(kind: str, *columns: str) -> Structure:
    return Structure.model_validate({"kind": kind, "columns": columns, "text": "."})


@pytest.fixture(scope="module")
def films() -> Rows:
    rng = draw(1)
    fame, year = rng.normal(size=900), rng.integers(1990, 2014, 900).astype(float)
    budget = np.exp(3 + 0.8 * fame + rng.normal(0, 0.5, 900))
    return Rows.of(
        {
            "stars": np.exp(fame), "reviews": fame + rng.normal(0, 1.2, 900), "year": year,
            "budget": budget, "budget_2013": budget * (1 + (2013 - year) / 12),
        }
    )  # fmt: skip


def test_a_quantity_in_two_columns_is_told_once_on_the_first_screen(films: Rows) -> None:
    found = verdicts(films, rising("budget", "stars"), rising("budget_2013", "stars"), rising("budget", "reviews"))
    both = [made("version", "budget", "budget_2013")]
    shown = screen(ranked(found, Table(films.columns, structure=both)))
    assert len(shown) == 2
    assert ("budget", "reviews") in shown
    assert len(screen(ranked(found, Table(films.columns)))) == 3  # but for the structure they are three facts


def test_nearly_the_same_rows_are_told_once_on_the_first_screen(films: Rows) -> None:
    found = verdicts(films, rising("budget", "stars"), rising("budget_2013", "stars"))
    assert len(screen(ranked(found, Table(films.columns, rows=films)))) == 1
    assert len(ranked(found, Table(films.columns, rows=films)).verdicts) == 2


def test_two_sides_of_one_label_are_two_facts() -> None:
    rng = draw(2)
    kind = rng.integers(0, 3, 900)
    rows = Rows.of(
        {"kind": np.array(list("abc"))[kind], "days": np.array([0.0, 1.0, 2.0])[kind] + rng.normal(size=900)}
    )
    high, low = (
        GroupDifference(outcome="days", predictor="kind", levels=Contrast(a=(level,)), direction=way)
        for level, way in (("c", "higher"), ("a", "lower"))
    )
    assert len(screen(ranked(verdicts(rows, high, low), Table(rows.columns, rows=rows)))) == 2


def test_what_was_asked_alone_makes_the_first_screen(films: Rows) -> None:
    found = verdicts(films, rising("budget", "stars"), rising("budget", "reviews"), rising("reviews", "stars"))
    assert set(screen(ranked(found, Table(films.columns, focus=["budget"])))) == {
        ("budget", "stars"), ("budget", "reviews"),
    }  # fmt: skip
    assert screen(ranked(found, Table(films.columns, focus=["year"]))) == []


def test_a_label_made_of_others_comes_after_its_makers() -> None:
    rng = draw(3)
    man, adult = rng.random(1200) < 0.5, rng.random(1200) < 0.85
    score = rng.normal(size=1200) - 1.2 * (man & adult)
    words = np.array(["no", "yes"])
    rows = Rows.of({"man": words[man.astype(int)], "grown_man": words[(man & adult).astype(int)], "score": score})
    claims = [
        GroupDifference(outcome="score", predictor=name, levels=Contrast(a=("no",), b=("yes",)), direction="higher")
        for name in ("man", "grown_man")
    ]
    found = verdicts(rows, *claims)
    assert screen(ranked(found, Table(rows.columns)))[0] == ("score", "grown_man")  # it differs most
    follows = [made("function", "man", "age", "grown_man")]
    assert screen(ranked(found, Table(rows.columns, structure=follows)))[0] == ("score", "man")


def test_two_parts_of_one_total_come_after_what_is_no_part() -> None:
    rng = draw(4)
    size = rng.lognormal(3, 0.5, 800)
    data = {"men": rng.poisson(size), "women": rng.poisson(size), "rooms": rng.poisson(size)}
    rows = Rows.of({name: v.astype(float) for name, v in data.items()} | {"staff": (data["men"] + data["women"]) * 1.0})
    found = verdicts(rows, rising("women", "men"), rising("rooms", "men"))
    parts = Table(rows.columns, structure=[made("sum", "men", "women", "staff")])
    assert screen(ranked(found, parts))[0] == ("rooms", "men")


def test_rules_on_one_column_and_on_what_fixes_it_are_one_rule() -> None:
    rng = draw(5)
    clock = rng.uniform(0, 24, 1500)
    rain = rng.normal(size=1500)
    delay = np.exp(0.1 * clock + 0.5 * (rain > 0.3) + rng.normal(0, 0.7, 1500))
    rows = Rows.of({"clock": clock, "hour": np.floor(clock), "rain": rain, "delay": delay})
    found = verdicts(rows, rule("delay", ("clock", 17.0), ("rain", -1.0)), rule("delay", ("hour", 8.0), ("rain", 0.5)))
    fixed = [made("function", "clock", "hour")]
    assert len(screen(ranked(found, Table(rows.columns)))) == 2
    assert len(screen(ranked(found, Table(rows.columns, structure=fixed)))) == 1


def test_at_most_seven_findings_make_the_first_screen() -> None:
    rng = draw(6)
    core = rng.normal(size=(9, 600))
    data = {f"y{k}": row for k, row in enumerate(core)} | {
        f"x{k}": row + rng.normal(size=600) for k, row in enumerate(core)
    }
    rows = Rows.of(data)
    found = verdicts(rows, *(rising(f"y{k}", f"x{k}") for k in range(9)))
    assert len(screen(ranked(found, Table(rows.columns, rows=rows)))) == HEADLINES


def test_what_is_said_of_each_level_in_its_own_name_stands_three_times_on_the_first_screen() -> None:
    colours = ("red", "blue", "green", "white", "black")
    label = np.array(colours)[draw(8).integers(0, 5, 900)]
    wear = [property_of(Mentions(terms=(f"{c} shirt",)), "look") for c in colours]
    looks = [f"a man in a {c} shirt with number {at}" for at, c in enumerate(label)]
    rows = with_properties(Rows.of({"label": label}, texts={"look": looks}), wear)
    claims = [
        RateDifference(
            outcome=prop.name, predictor="label", event="yes", levels=Contrast(a=(c,)), direction="higher",
            texts=(prop,),
        )
        for c, prop in zip(colours, wear, strict=True)
    ]  # fmt: skip
    first = ranked(verdicts(rows, *claims), Table(rows.columns, rows=rows))
    assert len(first.verdicts) == 5
    assert len(screen(first)) == 3


def test_how_often_there_is_any_comes_before_how_large_it_is_where_there_is() -> None:
    rng = draw(7)
    x = rng.normal(size=1500)
    some = rng.random(1500) < 1 / (1 + np.exp(-1.2 * x))
    rows = Rows.of({"x": x, "spent": np.where(some, np.exp(0.6 * x + rng.normal(0, 0.5, 1500)), 0.0)})
    often = rising("spent", "x").model_copy(update={"above": 0.0})
    large = rising("spent", "x").model_copy(update={"where": (Condition(column="spent", op=">", value=0.0),)})
    found = verdicts(rows, large, often)
    strength = {v.hypothesis.above: v.evidence.theta for v in found}
    assert (strength[None] or 0) > (strength[0.0] or 0)
    assert ranked(found, Table(rows.columns)).verdicts[0].hypothesis == often


def test_what_a_model_picked_comes_before_what_is_as_large(films: Rows) -> None:
    found = verdicts(films, rising("reviews", "stars"), rising("budget", "stars"))
    first, second = (v.hypothesis_id for v in ranked(found, Table(films.columns)).verdicts)
    turned = ranked(found, Table(films.columns, picked={second})).verdicts
    assert [v.hypothesis_id for v in turned] == [second, first]
