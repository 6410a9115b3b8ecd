"""Segments: found where rows lie apart, refused where they do not, and joined by new rows without refitting."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import heldout
from heldout.agent.outlook import Focus, Outlook
from heldout.agent.propose_segments import propose_segments, segments_of
from heldout.tools.data.rows import Rows
from heldout.tools.explore.clustering import adjusted_rand
from heldout.tools.explore.segments import find_segments
from heldout.tools.verify.families.rule_sides import rule_codes
from heldout.tools.verify.hypothesis import Condition, Segment


def _groups(n: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Three groups of rows that lie apart in two numbers and a label, beside three columns of noise."""
    rng = np.random.default_rng(seed)
    group = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    data = {f"x{i}": rng.normal(size=n) for i in range(4)} | {"k": rng.choice(list("abc"), n)}
    data["x0"] = data["x0"] + 6.0 * (group == 1)
    data["x1"] = data["x1"] + 6.0 * (group == 2)
    data["k"] = np.where(rng.random(n) < 0.8, np.array(list("abc"))[group], data["k"])
    return group, data


@pytest.mark.parametrize("seed", range(3))
def test_the_adjusted_rand_index_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, 200)
    b = np.where(rng.random(200) < 0.6, a, rng.integers(0, 3, 200))
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert adjusted_rand(a, a) == 1


def test_planted_groups_are_found_and_new_rows_join_them_by_their_conditions() -> None:
    _, data = _groups(3_000, 0)
    found = find_segments(Rows.of(data), list(data))
    assert found is not None
    assert found.groups == len(found.segments) == 3
    assert found.agreement > 0.9
    group, fresh = _groups(2_000, 1)
    rows = Rows.of(fresh)
    for segment in found.segments:
        assert 1 <= len(segment.terms) <= 3
        inside = rule_codes([Condition(column=t.column, op=t.op, value=t.value) for t in segment.terms], rows) == 0
        own = np.bincount(group[inside]).argmax()
        f1 = 2 * (inside & (group == own)).sum() / (inside.sum() + (group == own).sum())
        assert f1 > 0.9
        assert len({t.column for t in segment.typical}) >= 2


def _unlike(kind: str, n: int = 3_000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    common = rng.normal(size=n)
    column = {
        "independent numbers": lambda: rng.normal(size=n),
        "one long cloud": lambda: rng.normal(size=n) + 2 * common,
        "heavy tails": lambda: np.exp(1.5 * rng.normal(size=n)),
        "independent amounts that are mostly zero": lambda: np.where(rng.random(n) < 0.7, 0.0, rng.gamma(2, 5, n)),
        "independent labels": lambda: rng.choice(list("ab"), n),
        "ties": lambda: rng.integers(0, 3, n).astype(float),
    }[kind]
    return {f"c{i}": column() for i in range(6)}


@pytest.mark.parametrize(
    "kind",
    [
        "independent numbers", "one long cloud", "heavy tails", "independent amounts that are mostly zero",
        "independent labels", "ties",
    ],
)  # fmt: skip
def test_no_segments_are_made_of(kind: str) -> None:
    data = _unlike(kind)
    assert find_segments(Rows.of(data), list(data)) is None


def test_few_rows_or_a_single_feature_make_no_segments() -> None:
    _, data = _groups(150, 0)
    assert find_segments(Rows.of(data), list(data)) is None
    _, data = _groups(1_000, 0)
    assert find_segments(Rows.of(data), ["x0"]) is None


def test_the_outcome_is_left_out_of_the_features_and_told_as_a_claim() -> None:
    group, data = _groups(2_000, 4)
    rng = np.random.default_rng(5)
    data["charges"] = rng.normal(size=2_000) + 1.0 * (group == 1)
    rows = Rows.of(data)
    found = segments_of(rows, (), Focus())
    assert found is not None
    assert "charges" not in found.features
    order = {name: at for at, name in enumerate(rows.columns)}
    claims = list(propose_segments(Outlook(rows, (), frozenset(), frozenset(), Focus(), order, found)))
    assert {h.outcome for h in claims} == {"charges"}
    assert all(isinstance(h, Segment) and h.features == found.features for h in claims)
    assert "higher" in {h.direction for h in claims}


def test_a_report_shows_segments_as_descriptions_and_verifies_claims_on_them(tmp_path) -> None:
    group, data = _groups(2_500, 6)
    rng = np.random.default_rng(7)
    table = pd.DataFrame(data | {"charges": rng.normal(50, 10, 2_500) + 20 * (group == 2)})
    told = heldout.explain(table, name="groups", ledger=tmp_path / "book.jsonl")
    assert len(told.result.segments) == 3
    assert all(0.05 < s["share"] < 0.7 and s["agreement"] > 0.6 and s["rule"] for s in told.result.segments)
    assert "## Segments" in told.to_markdown()
    assert '<section id="segments">' in told.to_html()
    assert "Segments of the explored rows, not verified" in told.to_terminal()
    held = [f for f in told.result.findings if f.family == "segment"]
    assert any(f.outcome == "verified" and "in the segment of rows where" in f.sentence for f in held)


def test_a_report_without_segments_does_not_speak_of_them(planted: pd.DataFrame, tmp_path) -> None:
    told = heldout.explain(planted, name="none", ledger=tmp_path / "book.jsonl")
    assert told.result.segments == ()
    assert "egments" not in told.to_markdown()
