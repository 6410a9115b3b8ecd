"""Learned claims for tests: a small file of every kind, and a source of arbitrary ones."""

from collections.abc import Sequence

from hypothesis import strategies as st

from heldout.tools.review.learned import (
    Baseline,
    Determines,
    Format,
    Fresh,
    Independence,
    InRange,
    LearnedClaim,
    LearnedClaims,
    LearnedColumn,
    NotAfter,
    NotMissing,
    OneOf,
    RowCount,
    Schema,
    SumOf,
    Suppression,
    Unique,
)
from heldout.tools.review.sketch import ColumnSketch
from heldout.tools.verify.hypothesis import Condition, Contrast, GroupDifference, RateDifference

COLUMNS = (
    LearnedColumn(name="order_id", type="identifier", storage="BIGINT"),
    LearnedColumn(name="plan", type="category", storage="VARCHAR", levels=("basic", "gold", "no")),
    LearnedColumn(name="spend", type="number", storage="DOUBLE", unit="$"),
    LearnedColumn(name="ordered", type="datetime", storage="TIMESTAMP"),
)


def finding(**changes: object) -> LearnedClaim:
    given: dict = {
        "id": "f-spend-gold",
        "says": "`spend` tends to be higher for plan = gold.",
        "kind": "finding",
        "finding": GroupDifference(outcome="spend", predictor="plan", levels=Contrast(a=("gold",)), direction="higher"),
        "baseline": Baseline(effect=0.7123456, standard_error=0.0123456, rows=1200),
        "origin": "aaaaaaaaaaaa/1",
    }
    return LearnedClaim(**given | changes)


def distribution(**changes: object) -> LearnedClaim:
    sketch = ColumnSketch(
        name="spend", kind="number", rows=1200, missing=3, distinct=900, low=0.5, high=99.25, mean=40.123456789,
        sd=12.3456789, edges=(10.1, 0.1 + 0.2 + 30), counts=(300, 500, 397),
    )  # fmt: skip
    given: dict = {
        "id": "dist-spend", "says": "The distribution of `spend`.", "kind": "distribution", "distribution": sketch,
        "severity": "warn",
    }  # fmt: skip
    return LearnedClaim(**given | changes)


def invariant(rule: object, **changes: object) -> LearnedClaim:
    given: dict = {"id": "inv-1", "says": "A rule: of rows.", "kind": "invariant", "invariant": rule}
    return LearnedClaim(**given | changes)


def learned(claims: Sequence[LearnedClaim] | None = None) -> LearnedClaims:
    own = claims or (
        finding(),
        invariant(InRange(column="spend", low=0.0), id="inv-range", tolerance=0.001),
        invariant(OneOf(column="plan", allowed=("basic", "gold", "no")), id="inv-plan"),
        invariant(RowCount(low=600, high=2400), id="inv-rows", severity="warn"),
        distribution(),
    )
    return LearnedClaims(
        source="orders.csv", fingerprint="a" * 64, rows=1200, version="0.1.0", key=("order_id",), time="ordered",
        independence=Independence(kind="entity", key="order_id"), columns=COLUMNS, claims=tuple(own),
    )  # fmt: skip


# Arbitrary ones

_HOSTILE = [
    "no", "Yes", "null", "~", "1.0", "01", "1e5", "2025-01-01", "12:30", "a: b", "a #b", "- x", "{x}", "[", "'", '"',
    "\\d+", "${HOME}", "&a", "*a", "!!int", "%x", "@", "`q`", " x", "x ", "a\nb", "a\tb", "\u202eevil", "\ufeff", "😀",
    "é", "\x85", "\u2028", "?", "x" * 130, "x" * 1300, "=", "<<", ".inf", ".nan", "0x1F", "1_000", "0o7", "a,b", "y",
    ":", "a:", "a\u200db",
]  # fmt: skip
words = st.one_of(
    st.sampled_from(_HOSTILE), st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(1e-9, 1e9)
labels = st.lists(words, min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def arbitrary(draw: st.DrawFn) -> LearnedClaims:
    """A claims file whose names, labels and numbers may be anything."""
    names = draw(st.lists(words, min_size=2, max_size=3, unique=True))
    first, second = names[:2]
    rules = (
        Schema(extra=draw(st.sampled_from(["allow", "refuse"]))),
        Unique(columns=(first, second)),
        NotMissing(column=first),
        InRange(column=first, low=draw(st.none() | numbers), high=None),
        OneOf(column=first, allowed=draw(labels)),
        Format(
            column=first, pattern=draw(st.sampled_from([r"\d{3}-[A-Z]+", "a'b", 'a"b', "x: y #"])), example=draw(words)
        ),
        Determines(column=first, by=second, mapping=draw(st.dictionaries(words, words, max_size=3))),
        NotAfter(start=first, end=second),
        SumOf(total=first, parts=(first, second), within=draw(positive)),
        RowCount(low=0, high=draw(st.integers(0, 10**12))),
        Fresh(column=first, max_age_days=draw(st.none() | positive)),
    )
    where = Condition(column=second, op=">=", value=draw(words | numbers))
    findings = (
        GroupDifference(
            outcome=first, predictor=second, levels=Contrast(a=draw(labels)), direction="any", where=(where,)
        ),
        RateDifference(
            outcome=first, event=draw(words), predictor=second, levels=Contrast(a=("x",)), direction="lower"
        ),
    )
    baselines = st.builds(
        Baseline, effect=numbers, standard_error=positive, rows=st.integers(1, 10**9), between=st.none() | positive,
        deliveries=st.integers(0, 9),
    )  # fmt: skip
    suppressions = st.none() | st.builds(Suppression, reason=words, owner=words, expires=st.just("2026-12-31"))
    sketch = ColumnSketch(
        name=first, kind="label", rows=9, missing=0, distinct=2, mean=draw(st.none() | numbers), sd=draw(positive),
        levels=draw(st.dictionaries(words, st.integers(0, 99), max_size=3)),
        edges=tuple(sorted(draw(st.sets(numbers, max_size=3)))),
    )  # fmt: skip
    claims = [
        *(finding(id=f"f-{i}", finding=f, baseline=draw(baselines), says=draw(words)) for i, f in enumerate(findings)),
        *(invariant(r, id=f"inv-{i}", says=draw(words), suppressed=draw(suppressions)) for i, r in enumerate(rules)),
        distribution(distribution=sketch, says=draw(words), tolerance=draw(st.none() | st.floats(0, 1))),
    ]
    columns = tuple(LearnedColumn(name=n, type="category", storage="VARCHAR", levels=draw(labels)) for n in names)
    return learned().model_copy(
        update={"source": draw(words), "columns": columns, "claims": tuple(claims), "key": (first,)}
    )
