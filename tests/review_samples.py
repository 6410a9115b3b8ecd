"""Reviews made by hand, as realistic as they come: clean, warned, calibrating, faulty, undecided, skipped, hostile."""

from typing import Any

from heldout.agent.report.result import Tool
from heldout.agent.review.result import (
    Checked,
    ClaimsRead,
    Delivered,
    FoundFault,
    Review,
    ReviewCounts,
)
from heldout.tools.data.schema import Note
from heldout.tools.review.checked import Change, Fault, Held, Shifted, Unread, Violations
from heldout.tools.review.learned import Suppression
from heldout.tools.value import Effect
from heldout.tools.verify.evidence import Picture

SERIES = Picture(
    kind="lines", x_title="hour", y_title="wait",
    records=tuple(
        {"line": line, "x": hour, "mean": base + (hour - 6) * slope, "low": base + (hour - 6) * slope - 1.4,
         "high": base + (hour - 6) * slope + 1.4, "n": 900}
        for line, base, slope in (("autumn", 2.0, 0.5), ("summer", 8.0, 1.6)) for hour in range(6, 22, 2)
    ),
)  # fmt: skip
SHARES = Picture(
    kind="rates", x_title="delivery", y_title="share of tier = gold",
    records=(
        {"label": "learned", "n": 20000, "share": 0.21, "low": 0.204, "high": 0.216},
        {"label": "orders-0303.csv", "n": 5000, "share": 0.088, "low": 0.08, "high": 0.096},
    ),
)  # fmt: skip
FOREST = Picture(
    kind="forest", x_title="P(A>B)", y_title="price of express orders",
    records=(
        {"label": "learned", "value": 0.66, "low": 0.64, "high": 0.68},
        {"label": "orders-0303.csv", "value": 0.52, "low": 0.49, "high": 0.55},
    ),
)  # fmt: skip
TOLD = Suppression(reason="supplier is mending it", owner="dana", expires="2025-04-01")


def invariant(at: int, state: str, says: str, text: str, **more: Any) -> Checked:
    """A rule of the data; `rows`, `of`, `first`, `examples` are those of its violations."""
    counted = {k: more.pop(k) for k in ("rows", "of", "first", "examples") if k in more}
    found = Violations.model_validate({"state": state, "rows": 0, "of": 5000, "text": text} | counted)
    severity = more.pop("severity", "error")
    level = {"broken": severity, "undecidable": "warn", "holds": "none"}[state]
    return Checked.model_validate(
        {"id": f"inv-{at:04x}", "kind": "invariant", "says": says, "state": state, "level": level,
         "severity": severity, "text": text, "line": 20 + 9 * at, "violations": found} | more
    )  # fmt: skip


def finding(at: int, state: str, says: str, text: str, **more: Any) -> Checked:
    """A finding measured again; `held` adds to what was measured."""
    now = Effect(name="P(A>B)", value=0.52, low=0.49, high=0.55, level=0.95)
    units = Effect(name="difference of medians", value=0.4, low=-0.2, high=1.0, level=0.95, unit="€")
    held = {
        "state": state, "effect": now, "standard_error": 0.015, "baseline": 0.66, "in_units": units, "n": 4890,
        "p_value": 3e-9, "detectable": 0.04, "text": text, "sentence": says,
    } | more.pop("held", {})  # fmt: skip
    level = {"broken": "error", "watch": "warn", "undecidable": "warn", "holds": "none"}[state]
    return Checked.model_validate(
        {"id": f"fin-{at:04x}", "kind": "finding", "says": says, "state": state, "level": level, "severity": "error",
         "text": text, "line": 200 + 12 * at, "held": Held.model_validate(held)} | more
    )  # fmt: skip


def shift(at: int, state: str, column: str, text: str, **more: Any) -> Checked:
    """The distribution of a column."""
    seen = {"column": column, "state": state, "distance": 0.31, "p_value": 1e-20, "text": text} | more.pop("seen", {})
    level = {"broken": "warn", "watch": "warn", "undecidable": "warn", "holds": "none"}[state]
    return Checked.model_validate(
        {"id": f"dist-{at:04x}", "kind": "distribution", "says": f"`{column}` is spread as it was learned.",
         "state": state, "level": level, "severity": "warn", "text": text, "line": 400 + at,
         "shifted": Shifted.model_validate(seen)} | more
    )  # fmt: skip


def holding() -> list[Checked]:
    """Claims that hold."""
    rules = [
        ("Every learned column is there and holds the kind of values that it held.", "All 12 columns are there."),
        ("No two rows have the same `order_id`.", "5,000 rows, 5,000 different values."),
        ("`price` is between 0 and 400 €.", "All 5,000 rows are within it."),
        ("`tier` is one of gold, silver and bronze.", "All 5,000 rows are."),
        ("`ordered` is not after `shipped`.", "All 4,871 rows with both dates keep it."),
    ]
    out = [invariant(at, "holds", says, text) for at, (says, text) in enumerate(rules)]
    said = "`price` is higher when `delivery` is express."
    out.append(finding(1, "holds", said, "P(A>B) .66 when learned, .65 now (95 % interval .63 to .67)."))
    out.append(shift(1, "holds", "channel", "Distance .02, at most .1 is let pass."))
    return out


def broken() -> list[Checked]:
    """Claims that do not hold, of every kind and state."""
    return [
        invariant(
            9, "broken", "`price` is never negative.", "12 of 5,000 rows have a negative `price`, none may.", rows=12,
            first=(17, 204, 311, 1022, 4001), examples=("-12.40", "-3.99", "-0.01"), owner="dana",
            since="orders-0303.csv", changed=True,
            accept="heldout suppress inv-0009 --reason … --owner … --expires …",
        ),
        finding(
            2, "broken", "`price` is higher when `delivery` is express.",
            "P(A>B) .66 when learned, .52 now (95 % interval .49 to .55): weaker in two deliveries in a row, by more "
            "than deliveries differ among themselves (P<.001). A change of .04 would have been seen.",
            held={"alarm": True, "change": "weaker", "picture": FOREST}, since="orders-0224.csv", changed=True,
            accept="heldout rebaseline --claims claims.yml --claim fin-0002",
        ),
        shift(
            2, "watch", "tier", "The share of gold fell from 21 % to 8.8 %: distance .31, at most .1 is let pass.",
            seen={"before": '21 % "gold"', "after": '8.8 % "gold"', "picture": SHARES}, since="orders-0303.csv",
            changed=True, accept="heldout rebaseline --claims claims.yml --claim dist-0002",
        ),
        invariant(
            10, "undecidable", "`discount` is between 0 and 1.", "There is no column `discount`.",
            since="orders-0303.csv", changed=True,
        ),
        invariant(
            11, "broken", "`weight` is between 0.01 and 40 kg.", "1,240 of 5,000 rows are above 40, at most 2 may.",
            rows=1240, first=(3761, 3762, 3763, 3764, 3765), examples=("1250.0", "880.0"), since="orders-0303.csv",
            changed=True,
        ),
        invariant(
            12, "broken", "`email` has a value in every row.", "7 of 5,000 rows have no `email`, none may.", rows=7,
            first=(5, 61), level="none", suppressed=TOLD, since="orders-0217.csv",
        ),
        invariant(
            13, "broken", "`city` fixes `region`.", "3 of 5,000 rows break it.", rows=3, first=(77,), severity="info",
            since="orders-0303.csv",
        ),
    ]  # fmt: skip


UNIT = FoundFault(
    fault=Fault(
        id="fault-unit_change-weight", kind="unit_change", columns=("weight",), rows=1240, of=5000,
        first=(3761, 3762, 3763, 3764, 3765), labels=("kg", "g"), factor=1000.0,
        text="From row 3,761 on, 1,240 of 5,000 rows give `weight` in g instead of kg: divided by 1,000 they lie as "
        "they were learned (median 1.02 against 1.04).",
        advice="Ask the supplier of these rows for kg, or divide rows 3,761 to 5,000 by 1,000.",
    ),
    level="error", line=12, claims=("inv-000b",),
)  # fmt: skip
STORY = (
    Change(
        columns=("tier",), segment={"region": "north"}, since="orders-0224.csv", share=0.91, size=0.31,
        claims=("dist-0002",), picture=SHARES,
        text="`tier` is gold in 8.8 % of rows, 21 % when learned; 91 % of the change lies where `region` is north.",
    ),
    Change(
        columns=("wait", "overtime"), size=0.22, picture=SERIES,
        text="`wait` rose from 6.3 to 20.6 minutes on average, and `overtime` with it; most in the evening.",
    ),
)  # fmt: skip
LOST = Unread(
    column="discount", kind="missing", learned="number", text="There is no column `discount`, which held numbers."
)
WORDS = Unread(
    column="amount", kind="type", learned="number", found="words", rows=31, first=(4, 9), examples=("n/a", "12,5"),
    text="`amount` held numbers; 31 of 5,000 cells do not read as one.",
)  # fmt: skip


def review(checks: list[Checked] | None = None, **more: Any) -> Review:
    """A review of these checks; what is not given is counted or plausible."""
    checks = holding() if checks is None else checks
    faults = more.get("faults", ())
    told = {c for f in faults for c in f.claims}
    levels = [c.level for c in checks if c.id not in told] + [f.level for f in faults if f.suppressed is None]
    states = [c.state for c in checks]
    counts = ReviewCounts(
        errors=levels.count("error"), warnings=levels.count("warn"), holds=states.count("holds"),
        watch=states.count("watch"), broken=states.count("broken"), undecidable=states.count("undecidable"),
        suppressed=sum(c.suppressed is not None for c in checks), faults=len(faults),
    )  # fmt: skip
    outcome = "errors" if counts.errors else "warnings" if counts.warnings else "clean"
    message = {
        "errors": "Do not load this delivery: `weight` is in g in a quarter of its rows and 12 prices are negative. "
        "Ask the supplier first.",
        "warnings": "The delivery can be loaded. Look at `tier` before the next one.",
        "clean": "The delivery is as it was learned. There is nothing to do.",
    }[outcome]
    made = {
        "tool": Tool(version="0.1.0"),
        "claims": ClaimsRead(
            path="data/claims.yml", digest="c" * 64, source="orders.csv", rows=20000, total=len(checks),
            checked=sum(s != "undecidable" for s in states),
        ),
        "delivery": Delivered(
            name="orders-0303.csv", digest="d" * 64, rows=5000, columns=12, number=9, when="2025-03-03"
        ),
        "against": "orders.csv", "outcome": outcome, "exit_code": int(outcome == "errors"), "message": message,
        "counts": counts, "checks": tuple(checks),
    }  # fmt: skip
    return Review.model_validate(made | more)


def clean() -> Review:
    """Everything holds."""
    return review()


def warnings() -> Review:
    """One distribution on watch, told in the story too."""
    return review([*holding(), broken()[2]], changes=STORY[:1])


def calibrating() -> Review:
    """The second delivery after learning: a finding that would be broken advises only."""
    told = finding(
        3, "watch", "`price` rises with `weight`.", "Spearman's rho .41 when learned, .22 now.",
        held={"calibrating": True, "change": "weaker"}, since="orders-0303.csv", changed=True,
    )  # fmt: skip
    return review(
        [*holding(), told],
        delivery=Delivered(name="orders-0303.csv", digest="d" * 64, rows=5000, columns=12, number=2, calibration=2),
    )


def errors() -> Review:
    """A fault that explains a claim, broken claims of every kind, an undecided and a suppressed one, a story."""
    return review(
        [*broken(), *holding()], faults=(UNIT,), changes=STORY, unread=(LOST, WORDS),
        delivery=Delivered(
            name="orders-0303.csv", digest="d" * 64, rows=5000, columns=12, number=9, when="2025-03-03", supersedes=8,
            notes=(Note(kind="left_out", text="3 blank lines were left out."),),
        ),
        timing={"open": 0.41, "rules": 0.22},
    )  # fmt: skip


def unreadable() -> Review:
    """A delivery that could not be read."""
    return review(
        [], delivery=None, outcome="undecided", exit_code=3,
        message="'orders-0303.csv' cannot be read: the gzip ends early, after 1,204 rows. Ask for it again.",
        claims=ClaimsRead(path="data/claims.yml", digest="c" * 64, source="orders.csv", rows=20000, total=7, checked=0),
    )  # fmt: skip


def nothing_decided() -> Review:
    """A delivery that lacks what every claim reads."""
    lost = [invariant(n, "undecidable", f"`c{n}` is never negative.", f"There is no column `c{n}`.") for n in range(3)]
    message = "None of 3 claims could be decided: the columns that they read are not there. Is it the right table?"
    return review(lost, outcome="undecided", exit_code=3, message=message)


def skipped() -> Review:
    """The same content as before."""
    message = "The same content was reviewed as orders-0224.csv (delivery 8): nothing was checked again."
    return review([], outcome="skipped", exit_code=0, message=message)


ALL = {
    f.__name__: f for f in (clean, warnings, calibrating, errors, unreadable, nothing_decided, skipped)
}  # fmt: skip


def hostile(bad: str) -> Review:
    """A review in which every text that a file, a cell, a name or a claim can reach is `bad`."""
    fault = FoundFault(
        fault=Fault(
            id=bad, kind="renamed_label", columns=(bad, f"`{bad}`"), rows=3, of=5000, first=(1,), labels=(bad,),
            text=f"`{bad}` {bad}", advice=bad,
        ),
        level="error", line=3, claims=(),
    )  # fmt: skip
    known = bad.encode("utf-8", "replace").decode()  # a claims file is text
    told = Suppression(reason=known, owner=known, expires=known)
    checks = [
        invariant(1, "broken", bad, bad, rows=3, first=(1, 2), examples=(bad,), owner=bad, since=bad, accept=bad),
        finding(2, "broken", bad, bad, since=bad, accept=f"heldout rebaseline --claim {bad}"),
        shift(3, "watch", bad, bad, seen={"before": bad, "after": bad, "picture": _renamed(bad)}),
        invariant(4, "undecidable", bad, bad),
        invariant(5, "broken", bad, bad, suppressed=told, level="none"),
        invariant(6, "holds", bad, bad),
    ]
    checks = [c.model_copy(update={"id": f"{c.id} {bad}"}) for c in checks]
    story = Change(columns=(bad,), segment={bad: bad}, since=bad, size=0.4, text=f"`{bad}` {bad}", picture=SHARES)
    lost = Unread(column=bad, kind="type", learned=bad, found=bad, rows=2, first=(1,), examples=(bad,), text=bad)
    return review(
        checks, faults=(fault,), changes=(story,), unread=(lost,), message=bad, against=bad,
        claims=ClaimsRead(path=bad, digest="c" * 64, source=bad, rows=2, total=6, checked=5),
        delivery=Delivered(
            name=bad, digest="d" * 64, rows=5000, columns=12, number=9, when=bad,
            notes=(Note(kind="left_out", text=bad),),
        ),
    )  # fmt: skip


def _renamed(bad: str) -> Picture:
    records = tuple({**r, "label": bad} for r in SHARES.records)
    return SHARES.model_copy(update={"x_title": bad, "y_title": bad, "records": records})
