"""Rules of the data worth stating: what nearly holds, natural bounds, an end after its start; and fit tolerances."""

import numpy as np

from heldout.agent.propose_invariants import propose_invariants
from heldout.agent.proposers import PROPOSERS
from heldout.tools.data.rows import Rows
from heldout.tools.explore.invariants import find_invariants
from heldout.tools.explore.structure import find_structure
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Invariant


def _rows(n: int = 6_000, seed: int = 1) -> Rows:
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01") + rng.integers(0, 300, n)
    end = start + rng.integers(0, 20, n)
    end[:3] = start[:3] - 2
    city = rng.choice(["Bern", "Genf", "Wien", "Linz"], n)
    land = np.where(np.isin(city, ["Bern", "Genf"]), "CH", "AT")
    land[5] = "AT" if city[5] in ("Bern", "Genf") else "CH"
    name = rng.normal(size=n)
    name[:2] = np.nan
    return Rows.of(
        {
            "opened": start, "closed": end, "city": city, "land": land, "name": name,
            "amount": rng.exponential(20, n), "height": rng.normal(170, 10, n), "share": rng.random(n),
        }
    )  # fmt: skip


def test_rules_that_a_few_rows_break_come_first_and_trivial_ones_not_at_all() -> None:
    rows = _rows()
    found = {(r.rule, r.outcome): r for r in find_invariants(rows, find_structure(rows))}
    assert len(found) == 5
    assert found["not_after", "closed"].broken == 3
    assert found["not_missing", "name"].broken == 2
    assert found["determines", "land"].broken == 1
    assert set(dict(found["determines", "land"].mapping)) == {"Bern", "Genf", "Wien", "Linz"}
    assert ("not_missing", "city") not in found
    assert ("in_range", "height") not in found
    assert (found["in_range", "amount"].low, found["in_range", "amount"].high) == (0.0, None)
    assert found["in_range", "share"].high == 1.0


def test_a_rule_that_is_broken_often_is_none() -> None:
    rng = np.random.default_rng(2)
    x = rng.exponential(20, 2_000)
    x[:40] = -1
    assert find_invariants(Rows.of({"amount": x}), ()) == []


def test_claims_tolerate_more_than_was_seen_and_no_less_than_the_vault_can_show() -> None:
    rows = _rows()
    structure = find_structure(rows)
    claims = list(propose_invariants(rows, structure, held_out=8_000))
    assert {h.rule: h.tolerance for h in claims if isinstance(h, Invariant) and h.rule != "in_range"} == {
        "not_after": 0.002, "not_missing": 0.002, "determines": 0.001
    }  # fmt: skip
    fresh = _rows(8_000, 7)
    evidence = [FAMILIES["invariant"].evaluate(h, fresh) for h in claims]
    assert all(e.untestable is None and (e.theta or 0) > 0 and (e.p_value or 1) < 0.05 for e in evidence)
    assert list(propose_invariants(rows, structure, held_out=100)) == []


def test_rules_of_the_data_are_never_drafted_by_rule() -> None:
    assert not [p for p in PROPOSERS if "invariant" in p.__name__]
