"""Tables that mislead: each holds one trap, one true effect beside it, and what a report must say of both.

Used by benchmarks/planted.py and, small, by the tests. Every trap is named for what it is by something in the
report: a tag with the driving column, a line under "How the table is built", the unit of the split, or silence.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Rng = np.random.Generator
Check = Callable[[Any], str | None]


class Trap(NamedTuple):
    """One misleading table: how it is made, asked, and what is wrong with a report on it, or None."""

    name: str
    make: Callable[[Rng], pd.DataFrame]
    truth: tuple[str, str]
    """Outcome and predictor of the true effect that the report must verify."""
    wrong: Check
    """What the report says wrongly of the trap, in words; None where it names it for what it is."""
    told: str
    """How the report is meant to name the trap."""


def _pair(finding: Any) -> frozenset[str]:
    return frozenset((finding.hypothesis["outcome"], finding.hypothesis["predictor"]))


def _verified(report: Any, a: str, b: str) -> list[Any]:
    return [f for f in report.findings if f.outcome == "verified" and _pair(f) == frozenset((a, b))]


def _moves(a: str, b: str, driver: str, tags: tuple[str, ...]) -> Check:
    """The claim on a and b, where verified, must carry one of the tags and name the driver."""

    def wrong(report: Any) -> str | None:
        for f in _verified(report, a, b):
            if f.family in ("shape", "interaction", "adjusted_association"):
                continue
            if f.adjustment.tag not in tags:
                return f"`{f.claim}` is called {f.adjustment.tag}"
            if f.adjustment.driver != driver and f.adjustment.simpson != driver:
                return f"`{f.claim}`: driver {f.adjustment.driver!r} instead of {driver!r}"
        return None

    return wrong


def _silent(*pairs: tuple[str, str]) -> Check:
    """Nothing about these pairs may be verified."""

    def wrong(report: Any) -> str | None:
        false = [f.claim for a, b in pairs for f in _verified(report, a, b)]
        return f"verified: {false[0]}" if false else None

    return wrong


def _built(*names: str) -> Check:
    """The columns must stand under how the table is built, and no finding may relate them."""

    def wrong(report: Any) -> str | None:
        if not any(set(names) <= set(s.columns) for s in report.result.structure):
            return f"{', '.join(names)} are not said to belong together"
        false = [f.claim for f in report.findings if _pair(f) <= set(names)]
        return f"told as a finding: {false[0]}" if false else None

    return wrong


def _truth(rng: Rng, n: int) -> dict[str, Any]:
    """A true effect on the side: `spend` is half a standard deviation higher on plan gold."""
    plan = rng.choice(["basic", "gold"], n)
    return {"plan": plan, "spend": (50 + 10 * rng.normal(size=n) + 5 * (plan == "gold")).round(2)}


def confounder(rng: Rng, n: int = 3_000) -> pd.DataFrame:
    """`dose` and `recovery` both follow `age`; given age they have nothing to do with each other."""
    age = rng.normal(50, 12, n)
    dose = 0.8 * (age - 50) / 12 + rng.normal(size=n)
    recovery = -0.8 * (age - 50) / 12 + rng.normal(size=n)
    return pd.DataFrame({"age": age.round(1), "dose": dose.round(3), **_truth(rng, n), "recovery": recovery.round(3)})


def curved_confounder(rng: Rng, n: int = 3_000) -> pd.DataFrame:
    """The same with a bend: both follow the square of `age`."""
    age = rng.normal(size=n)
    dose = 0.8 * age**2 + rng.normal(size=n)
    recovery = -0.8 * age**2 + rng.normal(size=n)
    return pd.DataFrame(
        {"age": (50 + 12 * age).round(1), "dose": dose.round(3), **_truth(rng, n), "recovery": recovery.round(3)}
    )


def collider(rng: Rng, n: int = 3_000) -> pd.DataFrame:
    """`talent` and `looks` are unrelated, `fame` follows from both."""
    talent, looks = rng.normal(size=n), rng.normal(size=n)
    fame = talent + looks + rng.normal(size=n)
    return pd.DataFrame({"talent": talent.round(3), "looks": looks.round(3), **_truth(rng, n), "fame": fame.round(3)})


def simpson(rng: Rng, n: int = 4_000) -> pd.DataFrame:
    """`admitted` is rarer for women overall and commoner for them in every `dept`, as they apply where few get in."""
    dept = rng.integers(0, 4, n)
    women = rng.random(n) < np.array([0.15, 0.35, 0.65, 0.85])[dept]
    admitted = rng.random(n) < np.array([0.75, 0.55, 0.35, 0.12])[dept] + 0.08 * women
    return pd.DataFrame(
        {
            "dept": np.array(list("ABCD"))[dept],
            "gender": np.where(women, "female", "male"),
            **_truth(rng, n),
            "admitted": np.where(admitted, "yes", "no"),
        }
    )


def derived(rng: Rng, n: int = 2_000) -> pd.DataFrame:
    """`total` is `goods` plus `shipping`, `grams` is `kilos` in other units."""
    goods, shipping = rng.gamma(3, 20, n).round(2), rng.gamma(2, 3, n).round(2)
    kilos = rng.gamma(4, 1.5, n).round(2)
    return pd.DataFrame(
        {
            "goods": goods, "shipping": shipping, "total": (goods + shipping).round(2), "kilos": kilos,
            "grams": (1_000 * kilos).round(0), **_truth(rng, n),
        }
    )  # fmt: skip


def duplicated(rng: Rng, n: int = 2_000) -> pd.DataFrame:
    """A quarter of the rows stand three times; `noise` and `luck` are unrelated to everything."""
    base = pd.DataFrame({**_truth(rng, n), "noise": rng.normal(size=n), "luck": rng.exponential(3, n)})
    copies = base.iloc[: n // 4]
    return pd.concat([base, copies, copies]).sample(frac=1, random_state=int(rng.integers(2**31)))


def repeated(rng: Rng, n: int = 4_000) -> pd.DataFrame:
    """Twenty visits each of 200 patients whose `pressure` is their own; `ward` is given to patients at random."""
    patient = np.repeat(np.arange(n // 20), 20)
    own = rng.normal(0, 10, n // 20)
    ward = rng.choice(["east", "west"], n // 20)
    return pd.DataFrame(
        {
            "patient_id": patient, "ward": ward[patient], **_truth(rng, n),
            "pressure": (130 + own[patient] + rng.normal(0, 5, n)).round(1),
        }
    )  # fmt: skip


def drifting(rng: Rng, n: int = 3_000) -> pd.DataFrame:
    """`sales` and `storks` drift over the days, each on its own; nothing links them from day to day."""
    days = np.datetime64("2019-01-01") + np.arange(n)
    walk = [np.cumsum(rng.normal(size=n)) + 2 * rng.normal(size=n) for _ in range(2)]
    return pd.DataFrame({"day": days, "sales": walk[0].round(3), "storks": walk[1].round(3), **_truth(rng, n)})


MOVED = ("attenuated", "reversed")
TRAPS = (
    Trap(
        "confounder", confounder, ("spend", "plan"), _moves("dose", "recovery", "age", MOVED),
        "shrinks with `age` held fixed",
    ),
    Trap(
        "confounder with a bend", curved_confounder, ("spend", "plan"), _moves("dose", "recovery", "age", MOVED),
        "shrinks with `age` held fixed",
    ),
    Trap(
        "collider", collider, ("spend", "plan"), _silent(("talent", "looks")),
        "nothing is said of the two columns it follows from",
    ),
    Trap(
        "Simpson's paradox", simpson, ("spend", "plan"), _moves("admitted", "gender", "dept", ("reversed",)),
        "turns round within `dept`",
    ),
    Trap("derived column", derived, ("spend", "plan"), _built("goods", "shipping", "total"), "how the table is built"),
    Trap("other units", derived, ("spend", "plan"), _built("kilos", "grams"), "how the table is built"),
    Trap(
        "duplicated rows", duplicated, ("spend", "plan"),
        _silent(("noise", "luck"), ("spend", "noise"), ("spend", "luck"), ("noise", "plan"), ("luck", "plan")),
        "copies lie on one side and count once",
    ),
    Trap(
        "repeated entities", repeated, ("spend", "plan"), _silent(("pressure", "ward")), "split and tested by patient"
    ),
    Trap(
        "drifting time", drifting, ("spend", "plan"), _silent(("sales", "storks")), "compared within blocks of time"
    ),
)  # fmt: skip


def is_true(report: Any, trap: Trap) -> bool:
    """Whether the true effect beside the trap was verified."""
    return bool(_verified(report, *trap.truth))
