"""Findings of every outcome made by hand, their sentences by their families, and facts: evidence for tests of prose."""

from typing import Any, NamedTuple

from heldout.agent.bounds import bound_of
from heldout.agent.bounds_facts import bound_of_fact
from heldout.agent.report.result import Finding
from heldout.tools.value import Effect
from heldout.tools.verify.evidence import Evidence, Group
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.grounding_parts import Bound
from heldout.tools.verify.hypothesis import parse


class Fact(NamedTuple):
    id: str
    value: float | None
    unit: str | None
    label: str
    n: int | None = 891
    filter: str | None = None
    denominator: object = None
    missing: int | None = 0
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def effect(name: str, value: float, low: float, high: float, unit: str | None = None) -> Effect:
    return Effect(name=name, value=value, low=low, high=high, level=0.95, unit=unit)


def finding(
    hypothesis: dict[str, Any], outcome: str, groups: list[Group], scale: Effect, units: Effect, p: float, **more: Any
) -> Finding:
    """A finding whose claim and sentence its family words."""
    h = parse(hypothesis)
    n = sum(g.n for g in groups)
    evidence = Evidence(
        hypothesis_id=h.content_id(), split="held_out", test="a test", n=n, n_per_group={g.label: g.n for g in groups},
        p_value=p, effect=scale, in_units=units, theta=scale.value - h.null, groups=tuple(groups),
    )  # fmt: skip
    family = FAMILIES[h.family]
    held = evidence.model_dump() | {"p_adjusted": p, "threshold": 0.05}
    keep = (
        "test", "statistic", "df", "n", "n_per_group", "missing", "clusters", "p_value", "p_permutation", "p_robust",
        "p_adjusted", "threshold", "effect", "in_units", "groups",
    )  # fmt: skip
    return Finding.model_validate(
        {
            "id": h.content_id(), "family": h.family, "claim": family.claim(h),
            "sentence": family.sentence(h, evidence),
            "hypothesis": h.as_json(), "outcome": outcome, "size": "material" if outcome == "verified" else None,
            "reason": "By the rule.", "held_out": {name: held[name] for name in keep}, "exploration": None,
            "smallest_effect": 0.06, "rank": 1, "headline": outcome == "verified",
        }
        | more
    )  # fmt: skip


def _groups(a: str, b: str, first: float, second: float, n: tuple[int, int] = (275, 1063)) -> list[Group]:
    return [Group(label=a, n=n[0], mean=first), Group(label=b, n=n[1], mean=second)]


_SMOKER = {
    "family": "group_difference", "outcome": "charges", "predictor": "smoker",
    "levels": {"a": ["yes"], "b": ["no"]}, "direction": "higher",
}  # fmt: skip
SMOKERS = finding(
    _SMOKER, "verified", _groups("`smoker` is yes", "`smoker` is no", 32050, 8434),
    effect("P(A>B)", 0.97, 0.95, 0.98), effect("mean difference", 23616, 22300, 24900, "charges"), 0.0001,
)  # fmt: skip
WOMEN = finding(
    {**_SMOKER, "predictor": "sex", "levels": {"a": ["female"], "b": ["male"]}, "direction": "lower",
     "where": [{"column": "age", "op": ">=", "value": 18}]},
    "verified", _groups("`sex` is female", "`sex` is male", 12569, 13957, (662, 676)),
    effect("P(A>B)", 0.4, 0.35, 0.45), effect("mean difference", -1388, -2600, -170, "charges"), 0.002,
)  # fmt: skip
REGION = finding(
    {**_SMOKER, "predictor": "region", "levels": {"a": ["northeast"], "b": []}},
    "inconclusive", _groups("`region` is northeast", "`region` is not northeast", 13406, 13225, (324, 1014)),
    effect("P(A>B)", 0.505, 0.47, 0.54), effect("mean difference", 181, -1300, 1660, "charges"), 0.78,
)  # fmt: skip
CHURN = finding(
    {"family": "rate_difference", "outcome": "churn", "predictor": "contract", "event": "yes",
     "levels": {"a": ["monthly"], "b": []}, "direction": "higher"},
    "verified", _groups("`contract` is monthly", "`contract` is not monthly", 0.427, 0.068, (810, 1090)),
    effect("risk difference", 0.359, 0.32, 0.397), effect("risk difference", 35.9, 32.0, 39.7, "points"), 0.0001,
)  # fmt: skip
AGE = finding(
    {"family": "monotone_association", "outcome": "charges", "predictor": "age", "cuts": [27, 51],
     "direction": "increasing"},
    "verified", _groups("`age` is 51 or more", "`age` is 27 or less", 18248, 9087, (340, 350)),
    effect("Spearman's rho", 0.53, 0.49, 0.57), effect("mean difference", 9161, 7500, 10800, "charges"), 0.0001,
)  # fmt: skip
BMI = finding(
    {"family": "monotone_association", "outcome": "children", "predictor": "bmi", "direction": "increasing"},
    "refuted", _groups("`bmi` is 34.7 or more", "`bmi` is 26.3 or less", 1.1, 1.09, (340, 350)),
    effect("Spearman's rho", 0.015, -0.04, 0.06), effect("mean difference", 0.01, -0.17, 0.19, "children"), 0.6,
)  # fmt: skip
ORDER = finding(
    {"family": "ranking", "outcome": "charges", "predictor": "region", "order": ["southeast", "northeast", "southwest"],
     "direction": "stated"},
    "verified",
    [Group(label=f"`region` is {x}", n=300, mean=m)
     for x, m in (("southeast", 15e3), ("northeast", 13e3), ("southwest", 11e3))],
    effect("P(A>B)", 0.6, 0.55, 0.65), effect("mean difference", 2000, 900, 3100, "charges"), 0.001,
    sentence="`charges` is highest where `region` is southeast, then northeast, then southwest: closest 2,000 apart.",
)  # fmt: skip
FINDINGS = (SMOKERS, WOMEN, REGION, CHURN, AGE, BMI, ORDER)

GDP = Fact("f1", 3_850_000.0, None, "`gdp` of the country in the table")
SHARE = Fact("f2", 41.2, "%", "rows where `sex` is male", 1024, None, 1024)
FIRST = Fact("f3", 84.2, None, "mean of `fare` where `class` is First", 216)
THIRD = Fact("f4", 13.7, None, "mean of `fare` where `class` is Third", 491)
TOP = Fact(
    "f5",
    5.0,
    None,
    "levels of `country` by sum of `sales`, highest first",
    order=("France", "Spain", "Italy", "Peru", "Chad"),
)
OLD = Fact("f6", 30.6, "minutes", "mean of `wait`", 120, "where `age` > 60")
FACTS = (GDP, SHARE, FIRST, THIRD, TOP, OLD)


def bounds(*evidence: Finding | Fact) -> list[Bound]:
    return [bound_of(e) if isinstance(e, Finding) else bound_of_fact(e) for e in evidence]
