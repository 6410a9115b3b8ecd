"""A realistic result made by hand, for tests of the report: every family and outcome, structure, notes, a profile."""

from typing import Any

from heldout.agent.report.charts import chart
from heldout.agent.report.result import Result
from heldout.tools.verify.evidence import Picture

COLUMNS = ("species", "island", "body_mass", "flipper_length", "sex", "year", "nest_success")


def effect(name: str, value: float, low: float, high: float, unit: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "low": low, "high": high, "level": 0.95, "unit": unit}


def finding(rank: int, family: str, outcome: str, claim: str, figures: str, **more: Any) -> dict[str, Any]:
    held = {
        "test": "permutation Mann-Whitney U and Brunner-Munzel", "statistic": 12.4, "df": 148.2, "n": 1900,
        "n_per_group": {}, "missing": 4, "clusters": None, "p_value": 0.0001, "p_permutation": 0.0001,
        "p_robust": 3.1e-12, "p_adjusted": 0.0012, "threshold": 0.011, "effect": None, "in_units": None, "groups": (),
    }  # fmt: skip
    held.update(more.pop("held", {}))
    seen, seen_units = more.pop("seen", None), more.pop("seen_units", None)
    return {
        "id": f"{rank:012x}", "family": family, "outcome": outcome, "claim": claim,
        "sentence": f"{claim}: {figures}." if figures else f"{claim}.",
        "hypothesis": {"family": family, "outcome": "body_mass", "predictor": "species", **more.pop("hypothesis", {})},
        "size": "material" if outcome == "verified" else None, "reason": "Held up on rows that nothing had looked at.",
        "held_out": held, "exploration": {"n": 3200, "effect": seen, "in_units": seen_units} if seen else None,
        "smallest_effect": 0.06,
        "rank": rank, "headline": outcome == "verified" and rank <= 4, **more,
    }  # fmt: skip


GROUPS = Picture(
    kind="groups", x_title="species", y_title="body_mass",
    records=(
        {"label": "Gentoo", "n": 640, "mean": 5076, "low": 5034, "high": 5118, "median": 5000, "q25": 4700,
         "q75": 5500},
        {"label": "not Gentoo", "n": 1260, "mean": 3711, "low": 3685, "high": 3737, "median": 3700, "q25": 3400,
         "q75": 4000},
    ),
)  # fmt: skip
RATES = Picture(
    kind="rates", x_title="island", y_title="share of nest_success = yes",
    records=(
        {"label": "Dream", "n": 810, "share": 0.427, "low": 0.393, "high": 0.461},
        {"label": "Torgersen", "n": 1090, "share": 0.182, "low": 0.16, "high": 0.206},
    ),
)  # fmt: skip
CURVE = Picture(
    kind="curve", x_title="flipper_length", y_title="body_mass",
    records=tuple(
        {"x": 178 + 6 * i, "x_low": 175 + 6 * i, "x_high": 181 + 6 * i, "mean": 3200 + 260 * i + (i % 3) * 40,
         "low": 3120 + 260 * i, "high": 3360 + 260 * i, "n": 190}
        for i in range(10)
    ),
)  # fmt: skip
SHARES = Picture(
    kind="shares", x_title="island", y_title="species",
    records=tuple(
        {"x": x, "y": y, "share": share, "n": 600}
        for x, row in (("Biscoe", (0.26, 0.0, 0.74)), ("Dream", (0.45, 0.55, 0.0)), ("Torgersen", (1.0, 0.0, 0.0)))
        for y, share in zip(("Adelie", "Chinstrap", "Gentoo"), row, strict=True)
    ),
)  # fmt: skip
SERIES = Picture(
    kind="series", x_title="year", y_title="body_mass",
    records=tuple(
        {"date": 2007 + i, "mean": 4100 + 30 * i, "low": 4040 + 30 * i, "high": 4160 + 30 * i, "n": 200}
        for i in range(9)
    ),
)  # fmt: skip
PICTURES = (GROUPS, RATES, CURVE, SHARES, SERIES)


def findings() -> list[dict[str, Any]]:
    return [
        finding(
            1, "group_difference", "verified", "`body_mass` is higher when `species` is Gentoo than otherwise",
            "5,076 against 3,711 on average, a difference of 1,365 (95 % interval 1,316 to 1,414; n = 640 and 1,260)",
            held={"effect": effect("P(A>B)", 0.973, 0.964, 0.981), "n_per_group": {"Gentoo": 640, "other": 1260},
                  "in_units": effect("mean difference", 1365, 1316, 1414, "body_mass")},
            seen=effect("P(A>B)", 0.978, 0.97, 0.985),
            seen_units=effect("mean difference", 1402, 1360, 1444, "body_mass"), chart=chart(GROUPS),
        ),
        finding(
            2, "rate_difference", "verified", "`nest_success` is yes more often when `island` is Dream than otherwise",
            "42.7 % against 18.2 %, 24.5 points more (95 % interval 20.4 to 28.5; n = 810 and 1,090)",
            held={"effect": effect("risk difference", 0.245, 0.204, 0.285), "test": "Fisher's exact and score test",
                  "in_units": effect("risk difference", 24.5, 20.4, 28.5, "points"), "p_value": 0.00004},
            seen=effect("risk difference", 0.301, 0.27, 0.33),
            seen_units=effect("risk difference", 30.1, 27, 33, "points"), chart=chart(RATES),
        ),
        finding(
            3, "monotone_association", "verified", "`body_mass` rises with `flipper_length`",
            "4,940 in the quarter of rows at or above 213 against 3,470 at or below 190 (95 % interval of the "
            "difference 1,420 to 1,520; rho 0.84; n = 1,900)",
            held={"effect": effect("Spearman's rho", 0.84, 0.82, 0.86), "df": None},
            seen=effect("Spearman's rho", 0.85, 0.84, 0.86), chart=chart(CURVE),
        ),
        finding(
            4, "categorical_association", "verified", "The mix of `species` differs by `island`",
            "V = 0.71 (95 % interval 0.68 to 0.74; n = 1,900)",
            held={"effect": effect("Cramér's V", 0.71, 0.68, 0.74)}, seen=effect("Cramér's V", 0.7, 0.68, 0.72),
            chart=chart(SHARES),
        ),
        finding(
            5, "trend", "verified", "`body_mass` rises over `year`",
            "30 a year (95 % interval 4 to 56; rho 0.07; n = 1,900)", size="uncertain",
            held={"effect": effect("Spearman's rho", 0.07, 0.02, 0.12), "p_value": 0.0049, "p_adjusted": 0.031},
            seen=effect("Spearman's rho", 0.13, 0.1, 0.16), chart=chart(SERIES),
            warnings=("The course is not steady: 2 of 9 periods turn.",),
        ),
        finding(
            6, "group_difference", "verified", "`flipper_length` is higher when `sex` is male than otherwise",
            "201.2 against 200.6 on average, a difference of 0.6 (95 % interval 0.1 to 1.1; n = 950 and 950)",
            size="negligible", held={"effect": effect("P(A>B)", 0.526, 0.51, 0.542), "p_value": 0.002},
            seen=effect("P(A>B)", 0.57, 0.55, 0.59),
        ),
        finding(
            7, "group_difference", "inconclusive", "`body_mass` is lower when `island` is Dream than otherwise",
            "4,150 against 4,190 on average, a difference of −40 (95 % interval −96 to 16; n = 810 and 1,090)",
            held={"effect": effect("P(A>B)", 0.47, 0.44, 0.5), "p_value": 0.061, "p_adjusted": 0.12,
                  "threshold": 0.008},
            seen=effect("P(A>B)", 0.42, 0.4, 0.44), detectable=0.081, rows_needed=3460,
            reason="The held-out rows neither show the effect nor rule it out.",
        ),
        finding(
            8, "trend", "inconclusive", "`nest_success` is yes more often over `year`", "",
            held={"effect": effect("Spearman's rho", 0.04, -0.01, 0.09), "p_value": 0.2, "p_adjusted": 0.31},
            detectable=0.13, rows_needed=4211, reason="The held-out rows neither show the effect nor rule it out.",
        ),
        finding(
            9, "rate_difference", "refuted", "`nest_success` is yes more often when `sex` is male than otherwise",
            "28.1 % against 28.9 %, 0.8 points less (95 % interval −4.8 to 3.2; n = 950 and 950)",
            held={"effect": effect("risk difference", -0.008, -0.048, 0.032), "p_value": 0.7, "p_adjusted": 1.0},
            seen=effect("risk difference", 0.044, 0.01, 0.08),
            reason="On held-out rows the effect is shown to be under the smallest effect of interest (0.03).",
        ),
        finding(
            10, "monotone_association", "refuted", "`body_mass` falls with `year`", "",
            held={"effect": effect("Spearman's rho", 0.01, -0.03, 0.05), "p_value": 0.6, "p_adjusted": 1.0},
            reason="On held-out rows the effect is shown to be under the smallest effect of interest (0.1).",
        ),
        finding(
            11, "rate_difference", "untestable", "`nest_success` is yes less often when `sex` is unknown", "",
            held={"effect": None, "p_value": None, "p_permutation": None, "p_robust": None, "p_adjusted": None, "n": 6},
            reason="Fewer than 10 held-out rows where `sex` is unknown.",
        ),
        finding(
            12, "categorical_association", "untestable", "The mix of `sex` differs by `species`", "",
            held={"effect": None, "p_value": None, "p_permutation": None, "p_robust": None, "p_adjusted": None},
            reason="Only one level of `sex` is left on held-out rows.",
        ),
    ]  # fmt: skip


def columns() -> list[dict[str, Any]]:
    types = ("category", "category", "number", "number", "boolean", "number", "boolean")
    seen = [
        {"name": name, "type": kind, "missing": 3 * at, "distinct": 3 + 40 * (kind == "number"), "role": "analysed"}
        for at, (name, kind) in enumerate(zip(COLUMNS, types, strict=True))
    ]
    seen[2]["unit"] = "g"
    return [*seen, {"name": "ring_id", "type": "identifier", "missing": 0, "distinct": 6366,
                    "role": "`ring_id` names each row once and is left out."}]  # fmt: skip


def profile() -> list[dict[str, Any]]:
    base = {"n": 3190, "missing": 10, "distinct": 90}
    number = {"type": "number", "mean": 4201.75, "sd": 801.9, "minimum": 2700.0, "q25": 3550.0, "median": 4050.0,
              "q75": 4750.0, "maximum": 6300.0, "skewness": 0.47, "zeros": 0,
              "histogram": [8, 40, 120, 260, 410, 460, 420, 380, 330, 260, 210, 140, 90, 40, 20, 2]}  # fmt: skip
    return [
        {"name": "species", "type": "category", "top": [["Adelie", 1400], ["Gentoo", 1150], ["Chinstrap", 640]]} | base,
        {"name": "body_mass", **number, **base, "warnings": ["`body_mass` has 2 values far from the rest."]},
        {"name": "year", "type": "datetime", "minimum": 13514.0, "q25": 13700.0, "median": 14000.0, "q75": 14500.0,
         "maximum": 14974.0, "histogram": [200] * 16, **base},
    ]  # fmt: skip


def data(**changes: Any) -> dict[str, Any]:
    found = findings()
    by = {o: sum(f["outcome"] == o for f in found) for o in ("verified", "refuted", "inconclusive", "untestable")}
    full: dict[str, Any] = {
        "tool": {"version": "0.1.0"},
        "dataset": {
            "name": "penguins.csv", "fingerprint": "5f" * 32, "rows": 6366, "columns": columns(), "duplicates": 12,
            "notes": [
                {"kind": "coerced", "column": "body_mass", "text": "`body_mass`: 3 cells (n/a) read as missing."},
                {"kind": "left_out", "column": "ring_id", "text": "`ring_id` names each row once and is left out."},
                {"kind": "cleaned", "column": None, "text": "12 rows repeat an earlier row and were set aside."},
                {"kind": "warning", "column": None, "text": "Rows that stand together resemble each other."},
            ],
        },
        "split": {
            "kind": "row", "key": None, "exploration_rows": 3200, "held_out_rows": 3166, "units": 6366,
            "vaults": [{"number": 1, "rows": 1900, "weight": 0.6, "state": "opened"},
                       {"number": 2, "rows": 1266, "weight": 0.4, "state": "sealed"}],
            "reason": "No column repeats in a way that ties rows together, so each row stands for itself.",
        },
        "policy": {
            "alpha": 0.05, "control": "fdr", "method": "session-LOND",
            "smallest_effects": {"group_difference": 0.06, "rate_difference": 0.03, "monotone_association": 0.1,
                                 "categorical_association": 0.1, "trend": 0.1},
        },
        "counts": {"pairs": 21, "leads": 15, "drafted": 17, "deduplicated": 5, "committed": len(found), **by},
        "structure": [{"kind": "key", "columns": ["ring_id"], "text": "`ring_id` is different in every row."}],
        "findings": found, "profile": profile(),
        "leads": [{"a": "sex", "b": "flipper_length", "kind": "category-number", "measure": "epsilon_squared",
                   "strength": 0.07, "n": 3190, "p_value": 1e-9, "pearson": None, "mutual_information": 0.04}],
        "focus": {"outcome": None, "about": []},
        "ledger": {"head": "ab" * 32, "entries": 4, "session": 1}, "timing": {"total": 1.25},
    }  # fmt: skip
    return full | changes


def sample(**changes: Any) -> Result:
    """The sample result, with whole fields replaced."""
    return Result.model_validate(data(**changes))


def without_verdicts(message: str = "12 rows: too few to test anything (at least 20 are needed).") -> Result:
    """A result of a table too small to test: no findings, a message and a profile."""
    counts = dict.fromkeys(
        ("pairs", "leads", "drafted", "deduplicated", "committed", "verified", "refuted", "inconclusive", "untestable"),
        0,
    )
    split = {"kind": "none", "key": None, "exploration_rows": 12, "held_out_rows": 0, "units": 12, "reason": message}
    return sample(findings=[], counts=counts, message=message, split=split, leads=[], ledger=None)
