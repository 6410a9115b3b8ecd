"""Claims judged on open rows: by which draws, seed and level, what a unit of its own costs, what a picture shows."""

from hashlib import sha256

import numpy as np
import pytest
from test_transcript import RULE, A, B, C

from heldout.tools.data.rows import Rows
from heldout.tools.verify.clusters import centred
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.units import by_unit, unit_warning
from heldout.tools.verify.verify import (
    DRAWS,
    Judged,
    judge,
    measure,
    seed_of,
)

N = 400
FOLLOWS = "Follows from how the table is built (see structure): no discovery."


def frame(seed: int = 5, each: int = 1) -> dict[str, np.ndarray]:
    """`spend` grows with `visits`, weakly with `luck`; `noise` with nothing."""
    rng = np.random.default_rng(seed)
    visits = rng.normal(8, 3, N)
    luck = rng.normal(0, 1, N)
    spend = 1.4 * visits + 0.9 * luck + np.repeat(rng.normal(0, 4, N // each), each) + rng.normal(0, 5, N)
    return {"visits": visits, "luck": luck, "spend": spend, "noise": rng.normal(0, 1, N)}


ROWS = Rows.of(frame())
TRUE, NULL, THIN = A, B, parse({**A.as_json(), "where": [{"column": "visits", "op": ">", "value": 15.5}]})


def judged(claims: list[Hypothesis], rows: Rows = ROWS, **options: object) -> Judged:
    how = {"weight": 0.6, "earlier": 2, "split": "held_out", **options}
    return judge(claims, rows, RULE, [None] * len(claims), **how)  # pyright: ignore[reportArgumentType]


def test_a_claim_is_tested_by_as_many_draws_as_stated_with_the_seed_of_its_content() -> None:
    assert DRAWS == 9_999
    assert seed_of(TRUE) == int(sha256(TRUE.canonical().encode()).hexdigest()[:8], 16)
    family = FAMILIES[NULL.family]
    own = family.evaluate(NULL, ROWS, split="held_out", draws=DRAWS, seed=seed_of(NULL))
    [verdict] = judged([NULL]).verdicts
    assert verdict.evidence == own
    assert verdict.outcome != "verified"
    assert measure(NULL, ROWS, split="exploration") == family.evaluate(NULL, ROWS, split="exploration", draws=0)


def test_verified_claims_alone_show_the_interval_of_the_level_that_they_had_to_reach() -> None:
    """Three claims, one untestable: the threshold is q w (R + r) / k, and the interval keeps its coverage there."""
    found = judged([NULL, TRUE, THIN])
    assert [v.outcome for v in found.verdicts][1:] == ["verified", "untestable"]
    assert found.rejections.level == pytest.approx(0.05 * 0.6 * 3 / 3)
    null, true, thin = found.verdicts
    options = {"split": "held_out", "draws": 0}
    wide = FAMILIES[TRUE.family].evaluate(TRUE, ROWS, level=1 - found.rejections.level, **options)
    assert true.evidence.effect == wide.effect
    assert true.evidence.effect is not None
    assert true.evidence.effect.level == pytest.approx(0.97)
    assert null.evidence.effect == FAMILIES[NULL.family].evaluate(NULL, ROWS, **options).effect
    assert (
        true.evidence.p_value
        == FAMILIES[TRUE.family].evaluate(TRUE, ROWS, split="held_out", draws=DRAWS, seed=seed_of(TRUE)).p_value
    )
    assert thin.evidence.p_value is None


def test_weight_earlier_discoveries_and_the_kind_of_rows_are_those_that_were_given() -> None:
    levels = [judged([TRUE, NULL], weight=w, earlier=e).rejections.level for w, e in ((1.0, 0), (0.2, 0), (0.2, 4))]
    assert levels == pytest.approx([0.05 / 2, 0.05 * 0.2 / 2, 0.05 * 0.2 * 5 / 2])
    assert {v.evidence.split for v in judged([TRUE, NULL], split="all").verdicts} == {"all"}
    explored = measure(TRUE, ROWS, split="exploration")
    [verdict] = judge([TRUE], ROWS, RULE, [explored], weight=1.0, earlier=0, split="held_out").verdicts
    assert verdict.exploration == explored


def test_a_claim_that_follows_from_the_table_is_not_tested_but_counts_among_the_batch() -> None:
    found = judged([TRUE, C], structural=frozenset({frozenset({"luck", "visits"})}))
    true, follows = found.verdicts
    assert (true.outcome, follows.outcome) == ("verified", "untestable")
    evidence = follows.evidence
    assert (evidence.untestable, evidence.test, evidence.n, evidence.split) == (FOLLOWS, "none", 0, "held_out")
    assert evidence.hypothesis_id == follows.hypothesis_id == C.content_id()
    assert follows.picture is None
    assert found.rejections.level == pytest.approx(0.05 * 0.6 * 3 / 2)


def test_the_picture_of_a_verdict_is_its_familys_on_the_rows_that_were_tested() -> None:
    true, null = judged([TRUE, NULL]).verdicts
    for verdict in (true, null):
        assert verdict.picture == FAMILIES[verdict.hypothesis.family].picture(verdict.hypothesis, ROWS)
        assert verdict.picture is not None
        assert verdict.picture.note is None
        assert "low" in verdict.picture.records[0]


def test_the_picture_of_clustered_rows_has_no_interval_of_rows_and_says_what_was_done() -> None:
    rows = Rows.of(frame(each=4), cluster=np.repeat(np.arange(N // 4), 4).tolist())
    [verdict] = judged([TRUE], rows).verdicts
    assert verdict.evidence.test.startswith("within-cluster")
    picture, moved = verdict.picture, centred(rows, ("spend", "visits"))
    plain = FAMILIES[TRUE.family].picture(TRUE, moved)
    assert picture is not None
    assert picture.note == "rows moved to one average per cluster"
    assert picture.records == tuple({k: v for k, v in r.items() if k not in ("low", "high")} for r in plain.records)
    assert picture.records != plain.records
    fixed = {**frame(), "visits": np.repeat(frame()["visits"][: N // 4], 4)}
    between = Rows.of(fixed, cluster=np.repeat(np.arange(N // 4), 4).tolist())
    [pooled] = judged([TRUE], between).verdicts
    assert pooled.picture is not None
    assert not pooled.evidence.test.startswith("within-cluster")
    assert pooled.picture.note == "all rows pooled"
    assert not {"low", "high"} & {k for record in pooled.picture.records for k in record}


def test_the_picture_of_a_rule_on_clustered_rows_keeps_the_cut_points_where_they_are() -> None:
    rows = Rows.of(frame(each=4), cluster=np.repeat(np.arange(N // 4), 4).tolist())
    rule = [{"column": "visits", "op": ">=", "value": 8.0}]
    claim = parse(
        {"family": "subgroup", "outcome": "spend", "predictor": "visits", "rule": rule, "direction": "higher"}
    )
    [verdict] = judged([claim], rows).verdicts
    assert verdict.evidence.test.startswith("within-cluster")
    plain = FAMILIES["subgroup"].picture(claim, centred(rows, ("spend",)))
    assert verdict.picture is not None
    assert [r["n"] for r in verdict.picture.records] == [r["n"] for r in plain.records]
    assert verdict.picture.records == tuple(
        {k: v for k, v in r.items() if k not in ("low", "high")} for r in plain.records
    )


def test_a_claim_on_properties_of_a_store_counts_stores_and_pays_for_all_that_could_have_been_picked() -> None:
    rng = np.random.default_rng(3)
    size = rng.normal(size=80)
    store = np.repeat(np.arange(80), 5)
    spend = size[store] + rng.normal(0, 0.8, 80)[store] + rng.normal(0, 1, N)
    rows = Rows.of({"store": np.char.add("s", store.astype(str)), "visits": size[store], "spend": spend})
    claim = parse({**TRUE.as_json(), "unit": {"column": "store", "tried": 7}})
    found = judged([claim], rows)
    evidence, family, own = found.verdicts[0].evidence, FAMILIES[claim.family], by_unit(claim, rows)
    alone = family.evaluate(claim, own, split="held_out", draws=DRAWS, seed=seed_of(claim))
    assert alone.p_value is not None
    assert evidence.p_value == min(1.0, 7 * alone.p_value)
    assert evidence.clusters == 80
    assert claim.unit is not None
    assert evidence.warnings == (*alone.warnings, unit_warning(claim.unit, claim.predictor, 80))
    assert found.verdicts[0].outcome == "verified"
    wide = family.evaluate(claim, own, split="held_out", level=1 - found.rejections.level / 7, draws=0)
    assert evidence.effect == wide.effect
    assert found.verdicts[0].picture is not None
    assert found.verdicts[0].picture.note == "all rows pooled"
    rule = {"predictor": "visits", "rule": [{"column": "visits", "op": ">=", "value": 0.0}], "direction": "higher"}
    refused = parse({"family": "subgroup", "outcome": "spend", "unit": {"column": "store", "tried": 7}, **rule})
    told = judged([refused], rows).verdicts[0].evidence
    assert (told.test, told.p_value) == ("none", None)
    assert (told.untestable or "").startswith("Rows of one `store` are alike")
