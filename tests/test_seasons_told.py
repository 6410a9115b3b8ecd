"""Within a day two columns may rise together because both follow the hour: the finding says that it was left open."""

from typing import Any

from heldout.agent.report.methods import methods
from heldout.agent.seasons_told import with_open_seasons
from tests import sample_result as made

WITHIN = "within-cluster Spearman, sign-flip permutation and cluster-robust t"


def finding(outcome: str, family: str = "monotone_association", **more: Any) -> dict[str, Any]:
    base = made.findings()[0]
    test = WITHIN if family == "monotone_association" else "P(A>B) within each day"
    claim = {"outcome": outcome, "predictor": "wind", "family": family}
    fields = {"family": family, "outcome": "verified", "hypothesis": claim | more, "warnings": ()}
    return base | fields | {"held_out": base["held_out"] | {"test": test}}


def caveats(*findings: dict[str, Any], block: str | None = "day") -> list[tuple[str, ...]]:
    return [f.warnings for f in with_open_seasons(made.sample(findings=list(findings)).findings, block)]


def season(outcome: str, cycle: str = "hour_of_day") -> dict[str, Any]:
    return finding(outcome, "seasonality", cycle=cycle, predictor="time")


def test_columns_that_both_follow_the_hour_are_named() -> None:
    told = caveats(finding("riders"), season("wind"), season("riders"))
    assert told == [("`wind` and `riders` follow the hour of the day, which is not held fixed here.",), (), ()]


def test_one_that_does_is_named_alone() -> None:
    assert caveats(finding("riders"), season("wind"))[0] == (
        "`wind` follows the hour of the day, which is not held fixed here.",
    )


def test_a_cycle_that_a_block_holds_fixed_is_not_told() -> None:
    week = season("wind", "day_of_week")
    assert caveats(finding("riders"), week)[0] == ()
    assert caveats(finding("riders"), week, block="week")[0] != ()


def test_without_a_verified_season_or_a_series_nothing_is_added() -> None:
    assert caveats(finding("riders"), season("wind") | {"outcome": "inconclusive"})[0] == ()
    assert caveats(finding("riders"), season("wind"), block=None)[0] == ()


def test_rows_between_the_parts_of_a_series_are_accounted_for() -> None:
    split = made.data()["split"]
    rows = split["exploration_rows"] + split["held_out_rows"] + 7
    dataset = made.data()["dataset"] | {"rows": rows, "duplicates": 0}

    def told(kind: str) -> str:
        return dict(methods(made.sample(dataset=dataset, split=split | {"kind": kind})))["Division of the rows"]

    assert "7 rows between the two belong to neither" in told("time")
    assert "belong to neither" not in told("row")
