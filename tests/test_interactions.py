"""The search for effects that differ between sides finds planted ones, stays quiet on noise, and says them once."""

import numpy as np
import pytest

from heldout.agent.outlook import Focus, Outlook
from heldout.agent.propose_interactions import propose_interactions
from heldout.tools.data.rows import Rows
from heldout.tools.explore.interaction_sums import board, fields, products
from heldout.tools.explore.interactions import Crossing, Together, find_crossings
from heldout.tools.verify.hypothesis import Interaction

HOUR = np.timedelta64(1, "h")
ANY = Together(lambda *_: True, lambda *_: True)


def rows(seed: int = 0, n: int = 3_000, *, planted: bool = True) -> Rows:
    rng = np.random.default_rng(seed)
    region, plan = rng.choice(["north", "south", "west"], n), rng.choice(["a", "b"], n)
    spend, age = rng.normal(size=n), rng.normal(40, 9, n)
    when = np.datetime64("2023-01-01T00") + rng.integers(0, 365 * 24, n) * HOUR
    hour = when.astype("datetime64[h]").astype(int) % 24
    score = rng.normal(size=n) + 0.3 * (plan == "a")
    cost = rng.normal(size=n)
    if planted:
        score = score + 0.8 * spend * (region == "west")
        cost = cost + (plan == "a") * (1.5 * np.isin(hour, (7, 8)) - 1.5 * np.isin(hour, (13, 14)))
    return Rows.of({"region": region, "plan": plan, "spend": spend, "age": age, "when": when, "score": score,
                    "cost": cost})  # fmt: skip


def outlook(own: Rows, focus: Focus | None = None, barred: frozenset = frozenset()) -> Outlook:
    order = {name: at for at, name in enumerate(own.columns)}
    return Outlook(own, (), barred, frozenset(), focus or Focus(), order)


def crossings(own: Rows) -> list[Crossing]:
    return find_crossings(own, list(own.columns.values()), ANY, ["score", "cost"])


def test_a_slope_that_holds_for_one_level_only_is_found() -> None:
    best = crossings(rows())[0]
    assert (best.outcome, best.predictor, best.moderator, best.a) == ("score", "spend", "region", ("west",))
    assert best.difference > 0.5
    assert best.contrast == "one side"


def test_an_effect_that_turns_with_the_hour_is_told_by_the_hours() -> None:
    turning = next(c for c in crossings(rows()) if c.cycle == "hour_of_day" and c.outcome == "cost")
    assert {turning.a, turning.b} == {("7", "8"), ("13", "14")}
    assert turning.contrast == "turns"


def test_nothing_is_proposed_where_nothing_is_there() -> None:
    proposed = [len(list(propose_interactions(outlook(rows(seed, planted=False))))) for seed in range(12)]
    assert sum(proposed) <= 6  # the search corrects for how many it looked at: about one in twenty tables


def test_main_effects_alone_are_no_crossing() -> None:
    own = rows(3, planted=False)
    y = own.number("score") + 2 * own.number("spend") + 3 * (own.codes("region") == 0) + 2 * (own.codes("plan") == 0)
    added = own.replaced({"score": y})
    assert not [c for c in crossings(added) if c.outcome == "score" and abs(c.z) > 6]


def test_planted_crossings_become_claims_with_frozen_sides() -> None:
    claims = [h for h in propose_interactions(outlook(rows())) if isinstance(h, Interaction)]
    assert len(claims) <= 14
    slope = next(h for h in claims if h.outcome == "score" and h.predictor == "spend")
    assert slope.moderator == "region"
    assert slope.levels is None
    assert slope.direction == "higher"
    turning = next(h for h in claims if h.moderator_cycle == "hour_of_day" and h.outcome == "cost")
    assert turning.predictor == "plan"
    assert turning.levels is not None
    assert {*turning.levels.a, *turning.levels.b} == {"a", "b"}


def test_focus_and_bars_are_kept() -> None:
    own = rows()
    assert {h.outcome for h in propose_interactions(outlook(own, Focus(outcome="cost")))} == {"cost"}
    barred = frozenset({frozenset(("score", "spend"))})
    assert not [
        h for h in propose_interactions(outlook(own, barred=barred)) if (h.outcome, h.predictor) == ("score", "spend")
    ]


def test_what_changes_from_block_to_block_of_a_series_is_not_proposed() -> None:
    own = rows(5, 1_200)
    block = np.arange(1_200) // 20
    codes = (block % 3).astype(np.int32)
    serial = Rows(
        own.columns, {n: codes if n == "region" else own._arrays[n] for n in own.columns},
        cluster=block.astype(np.int32), serial=True,
    )  # fmt: skip
    assert not [h for h in propose_interactions(outlook(serial)) if getattr(h, "moderator", "") == "region"]


@pytest.mark.parametrize("n", [0, 5, 30])
def test_few_rows_propose_nothing(n: int) -> None:
    assert list(propose_interactions(outlook(rows(n=max(n, 1)).select(np.arange(n))))) == []


def test_the_search_is_the_same_every_time() -> None:
    assert crossings(rows()) == crossings(rows())


def test_pairs_are_asked_about_and_never_triples_so_that_wide_tables_end() -> None:
    rng = np.random.default_rng(0)
    own = Rows.of({f"c{at}": rng.normal(size=80) for at in range(30)})
    asked: list[tuple[str, str]] = []

    def told(*pair: str) -> bool:
        asked.append(pair)
        return True

    find_crossings(own, list(own.columns.values()), Together(told, told), list(own.columns))
    assert len(asked) <= 3 * 30**2


def test_one_of_the_columns_asked_about_takes_part_in_whatever_place() -> None:
    for name in ("region", "spend", "score"):
        own = find_crossings(rows(), list(rows().columns.values()), ANY._replace(asked=frozenset({name})), ["score"])
        assert own
        assert all(name in (c.outcome, c.predictor, c.moderator) for c in own)


def test_sums_of_some_pairs_are_those_of_the_rows_that_both_columns_know() -> None:
    rng = np.random.default_rng(3)
    data = {f"c{at}": rng.normal(size=200) for at in range(4)} | {"k": rng.choice(list("abc"), 200)}
    for at in (1, 2):
        data[f"c{at}"][rng.random(200) < 0.3] = np.nan
    own, codes = Rows.of(data), rng.integers(-1, 4, 200)  # the code 3 is beyond the groups, as -1 is
    y = [f for name in ("c0", "c1") for f in fields(own, name, as_outcome=True)]
    x = [f for name in ("c2", "c3", "k") for f in fields(own, name, as_outcome=False)]
    i, j = np.array([1, 0, 1, 1]), np.array([0, 1, 2, 4])
    sums = products(board(y, x), codes, 3, i, j).of(i, j)
    for group in range(3):
        for at, (row, column) in enumerate(zip(i, j, strict=True)):
            both = (codes == group) & (y[row].known > 0) & (x[column].known > 0)
            a, b = (f.values[both].astype(np.float64) for f in (x[column], y[row]))
            wanted = (both.sum(), a.sum(), b.sum(), a @ a, b @ b, a @ b)
            assert [s[group, at] for s in sums[:6]] == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert sums.binary.tolist() == [False, False, True, True]
