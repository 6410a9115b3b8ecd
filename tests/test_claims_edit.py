"""Suppressing and rebaselining change a claims file in place: what a person wrote beside it stays."""

import difflib
import tempfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings

from heldout.agent.review import cli_edit
from heldout.agent.review.claims_edit import ClaimsText
from heldout.agent.review.claims_yaml import read_claims, rounded, write_claims
from heldout.agent.review.rebaseline import Rebaseline, proposals
from heldout.agent.review.suppress import suppress
from heldout.tools.errors import UsageError
from heldout.tools.review.history import Estimate, History, Reviewed
from heldout.tools.review.invariants_words import says
from heldout.tools.review.learned import Baseline, InRange, LearnedClaims, RowCount, Suppression
from heldout.tools.review.pooled import distance, pooled_effects, pooled_sketch, with_accepted
from heldout.tools.review.sketch import ColumnSketch, Sketch
from tests.review_claims import arbitrary, distribution, finding, invariant, learned

DAY = {"reason": "new till", "owner": "ana", "today": "2026-11-01"}
GIVEN = Suppression(reason="new till", owner="ana", expires="2026-12-31")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "claims.yml"
    place.write_text(write_claims(learned()), encoding="utf-8")
    return place


def _difference(old: str, new: str) -> list[str]:
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


# Suppressing


def test_a_suppression_is_one_new_line_and_nothing_else(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    said = suppress(path, ["inv-plan"], expires="2026-12-31", **DAY)
    assert _difference(before, path.read_text(encoding="utf-8")) == [
        '+    suppressed: {reason: new till, owner: ana, expires: "2026-12-31"}'
    ]
    assert read_claims(path).claim("inv-plan").suppressed == GIVEN
    assert "60 days" in said


@pytest.mark.parametrize("layout", ["comments", "windows", "no last line end", "flow", "block", "mark", "JSON"])
def test_a_file_in_any_layout_keeps_everything_but_the_entry(path: Path, layout: str) -> None:
    text = path.read_text(encoding="utf-8")
    if layout == "comments":
        text = text.replace(
            "severity: error\n    tol", "severity: error   # agreed with finance\n    # since May\n    tol"
        )
    elif layout == "windows":
        text = text.replace("\n", "\r\n")
    elif layout == "no last line end":
        text = text.rstrip("\n")
    elif layout == "flow":
        suppress(path, ["dist-spend", "inv-range"], expires="2026-11-30", **DAY | {"reason": "other, {and} more"})
        text = path.read_text(encoding="utf-8")
    elif layout == "block":
        block = (
            "\n    suppressed:\n      owner: bob   # asked him\n      reason: >\n        long\n        story\n"
            "      expires: 2026-11-02\n"
        )
        text = text.replace("id: inv-range\n", f"id: inv-range{block}")
    elif layout == "mark":
        text = "\ufeff" + text
    elif layout == "JSON":
        import json

        text = json.dumps(yaml.safe_load(text))
    path.write_bytes(text.encode("utf-8"))
    before = read_claims(path)
    suppress(path, ["dist-spend", "inv-range"], expires="2026-12-31", **DAY)
    got, after = path.read_bytes().decode("utf-8"), read_claims(path)
    assert [c.suppressed for c in after.claims] == [None, GIVEN, None, None, GIVEN]
    assert [c.model_copy(update={"suppressed": None, "line": 0}) for c in after.claims] == [
        c.model_copy(update={"suppressed": None, "line": 0}) for c in before.claims
    ]
    gone = [line[1:] for line in _difference(text, got) if line[0] == "-"]
    assert all(
        any(word in line for word in ("dist-spend", "suppressed", "reason", "long", "story", "expires", "owner"))
        for line in gone
    )
    assert ("# agreed with finance" in got) == (layout == "comments")
    assert ("# asked him" in got) == (layout == "block")
    assert got.startswith("\ufeff") == (layout == "mark")
    assert ("\r\n" in got) == (layout == "windows")
    assert "\n" not in got.replace("\r\n", "") or layout != "windows"


@pytest.mark.parametrize(
    ("wanted", "changes", "told"),
    [
        ("inv-pln", {}, "Did you mean `inv-plan`?"),
        ("fault-unit_change-spend", {}, "silenced with its distribution: dist-spend."),
        ("inv-plan", {"expires": "2026-10-31"}, "which is past"),
        ("inv-plan", {"expires": "31.12.2026"}, "Write a day such as 2026-12-31"),
        ("inv-plan", {"reason": " \n "}, "`--reason` is empty"),
        ("inv-plan", {"owner": "x" * 400}, "`--owner` is 400 characters long"),
    ],
)
def test_a_suppression_without_id_reason_owner_or_day_is_refused(
    path: Path, wanted: str, changes: dict, told: str
) -> None:
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        suppress(path, [wanted], **{"expires": "2026-12-31", **DAY, **changes})
    assert told in str(caught.value)
    assert path.read_bytes() == before


def test_what_a_person_types_stays_words_in_the_file(path: Path) -> None:
    suppress(
        path,
        ["inv-plan", "dist-spend"],
        expires="2026-12-31",
        **DAY | {"reason": "a: b # c ${HOME} 'q'", "owner": "no"},
    )
    got = read_claims(path).claim("dist-spend").suppressed
    assert (got.reason, got.owner) == ("a: b # c ${HOME} 'q'", "no")


def test_a_file_that_changed_meanwhile_is_not_written(path: Path) -> None:
    text = ClaimsText(path)
    text.change("inv-plan", suppressed=GIVEN)
    path.write_text(path.read_text(encoding="utf-8") + "# a colleague\n", encoding="utf-8")
    with pytest.raises(UsageError, match="was changed while"):
        text.save()
    assert read_claims(path).claim("inv-plan").suppressed is None


@settings(max_examples=6)
@given(arbitrary())
def test_every_claim_of_any_file_can_be_suppressed_and_measured_anew(claims: LearnedClaims) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.yml"
        path.write_bytes(write_claims(claims).encode("utf-8"))
        text = ClaimsText(path)
        for claim in text.claims.claims:
            new = {"baseline": Baseline(effect=1.5, standard_error=0.5, rows=9)} if claim.baseline is not None else {}
            text.change(claim.id, suppressed=GIVEN, **new)
        text.save()
        got = read_claims(path)
        assert all(c.suppressed == GIVEN for c in got.claims)
        assert all(c.baseline is None or c.baseline.effect == 1.5 for c in got.claims)


# Pooling


def test_deliveries_that_differ_by_chance_alone_have_no_variance_between_and_others_have_theirs() -> None:
    rng = np.random.default_rng(7)
    found: dict[float, list[float]] = {0.0: [], 0.1: []}
    for between, own in found.items():
        for _ in range(60):
            effects = rng.normal(0.4, between, (40, 4)) + rng.normal(0, 0.05, (40, 4))
            pooled = pooled_effects(
                {str(i): [Estimate(value=v, standard_error=0.05, n=500) for v in row] for i, row in enumerate(effects)}
            )
            own += [b.between for b in pooled.values()]
    assert np.mean(np.square(found[0.0])) < 0.02**2
    assert np.sqrt(np.mean(np.square(found[0.1]))) == pytest.approx(0.1, abs=0.01)


def test_one_delivery_tells_nothing_of_how_deliveries_differ_and_so_makes_no_baseline() -> None:
    one = Estimate(value=0.7, standard_error=0.02, n=90)
    got = pooled_effects(
        {"a": [one], "b": [], "c": [one, one], "d": [one, one.model_copy(update={"standard_error": 0})]}
    )
    error = pytest.approx(0.02 / 2**0.5)
    assert set(got) == {"c"}
    assert (got["c"].effect, got["c"].standard_error, got["c"].rows, got["c"].deliveries) == (0.7, error, 180, 2)
    [proposal] = proposals(learned(), _deliveries([0.7]), ["f-spend-gold"])
    assert (proposal.new, proposal.values) == ("", {})


def test_a_pooled_sketch_is_that_of_all_rows_together() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.normal(m, 2, n) for m, n in ((0, 40), (5, 70))]

    def sketch(x: np.ndarray) -> ColumnSketch:
        counts = np.histogram(x, [-np.inf, 0, 3, np.inf])[0]
        return ColumnSketch(
            name="x", kind="number", rows=len(x) + 1, missing=1, distinct=len(x), low=x.min(), high=x.max(),
            mean=float(x.mean()), sd=float(x.std(ddof=1)), edges=(0, 3), counts=tuple(map(int, counts)),
        )  # fmt: skip

    whole = np.concatenate(parts)
    got = pooled_sketch(sketch(parts[0]), [sketch(p) for p in parts])
    assert (got.rows, got.missing, got.counts) == (112, 2, sketch(whole).counts)
    assert (got.mean, got.sd, got.low) == (pytest.approx(whole.mean()), pytest.approx(whole.std(ddof=1)), whole.min())
    assert pooled_sketch(sketch(parts[0]), [sketch(parts[1]).model_copy(update={"edges": (1, 3)})]) is None
    assert distance(got, got) == 0
    assert 0.4 < distance(sketch(parts[0]), sketch(parts[1])) < 1


def test_an_accepted_column_is_compared_with_what_was_accepted_and_calibrated_by_its_deliveries() -> None:
    base = distribution().distribution
    still = base.model_copy(update={"name": "still"})

    def week(at: int, high: int) -> Sketch:
        column = base.model_copy(update={"rows": 1000, "missing": 0, "counts": (at, high, 1000 - high - at)})
        return Sketch(name=f"week {at}", digest=f"{at:064x}", rows=1000, columns=(column, still))

    learned_, past = (
        Sketch(name="l", digest="0" * 64, rows=1200, columns=(base, still)),
        [week(at, 400 if at < 5 else 700) for at in range(8)],
    )
    assert with_accepted(learned_, (base.model_copy(update={"mean": 40.1}),), past) == (learned_, tuple(past[:4]))
    accepted = pooled_sketch(base, [p.columns[0] for p in past[5:8]])
    got, calibration = with_accepted(learned_, (accepted, still), past)
    assert (got.column("spend"), got.column("still")) == (accepted, still)
    assert [c.column("spend") for c in calibration] == [
        past[5].columns[0],
        past[6].columns[0],
        past[7].columns[0],
        None,
    ]
    assert all(c.column("still") == still for c in calibration)
    by_hand = accepted.model_copy(update={"missing": 1})
    assert [c.column("spend") for c in with_accepted(learned_, (by_hand,), past)[1]] == [None] * 4


# Rebaselining


def _deliveries(effects: list[float], rows: int = 1000, error: float = 0.02) -> list[Reviewed]:
    base = distribution().distribution
    out = []
    for at, effect in enumerate(effects, 1):
        column = base.model_copy(update={"rows": rows, "mean": 44.0, "counts": (100, 300, rows - 400 - 3)})
        sketch = Sketch(name=f"week {at}", digest=f"{at:064x}", rows=rows, columns=(column,))
        estimates = {"f-spend-gold": Estimate(value=effect, standard_error=error, n=rows)}
        out.append(
            Reviewed(
                number=at, name=sketch.name, digest=sketch.digest, rows=rows, baseline="a" * 16, sketch=sketch,
                estimates=estimates,
            )
        )  # fmt: skip
    return out


@pytest.fixture
def history(path: Path) -> Path:
    place = path.with_name("claims.history.jsonl")
    own = History(place)
    for entry in _deliveries([0.9, 0.66, 0.64, 0.65, 0.65]):
        own.append(entry)
    return place


def _run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli_edit.rebaseline, ["--claims", str(path), *arguments])


def test_rebaselining_prints_old_against_new_and_writes_nothing_by_itself(path: Path, history: Path) -> None:
    before = path.read_bytes()
    got = _run(path)
    assert (got.exit_code, path.read_bytes()) == (0, before)
    assert "From the last 4 deliveries (week 2 to week 5)." in got.output
    assert "old  P(A>B) 0.712 ± 0.0123 (1,200 rows)" in got.output
    assert "new  P(A>B) 0.65 ±" in got.output
    assert "old  600 to 2,400 rows\n  new  500 to 2,000 rows" in got.output
    assert "old  mean 40.1, 0.2% missing, 1,200 rows\n  new  mean 44, 0.3% missing, 4,000 rows" in got.output
    assert "Distance 0.2" in got.output
    assert "Nothing was written. Accept a claim with `--claim ID --yes`" in got.output


def test_an_effect_is_named_on_the_scale_that_the_review_names() -> None:
    from heldout.tools.verify.hypothesis import parse

    group = {"family": "subgroup", "outcome": "churn", "predictor": "tenure", "event": "Yes", "direction": "higher",
             "rule": [{"column": "tenure", "op": "<=", "value": 12}]}  # fmt: skip
    claim = finding().model_copy(update={"finding": parse(group)})
    [got] = proposals(learned([claim]), _deliveries([0.3, 0.3]))
    assert got.old.startswith("risk difference ")
    assert got.new.startswith("risk difference 0.3 ")


def test_only_what_is_confirmed_is_written_and_the_rest_of_the_file_stays(
    path: Path, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, old = path.read_text(encoding="utf-8"), read_claims(path)
    monkeypatch.setattr(cli_edit, "_asked", lambda proposal: proposal.claim.id in ("f-spend-gold", "inv-rows"))
    got = _run(path)
    assert "Written to" in got.output
    new = read_claims(path)
    base = new.claim("f-spend-gold").baseline
    assert (round(base.effect, 4), base.deliveries, base.rows) == (0.65, 4, 4000)
    assert base.between is not None
    assert (new.claim("inv-rows").invariant.low, new.claim("inv-rows").invariant.high) == (500, 2000)
    assert new.claim("dist-spend").distribution == old.claim("dist-spend").distribution
    assert {line[0] for line in _difference(before, path.read_text(encoding="utf-8"))} == {"+", "-"}
    assert len(_difference(before, path.read_text(encoding="utf-8"))) == 4
    assert new.claim("inv-rows").says == old.claim("inv-rows").says, "a person's words stay"


def test_a_row_count_in_our_own_words_is_reworded_with_its_rule() -> None:
    old, new = RowCount(low=600, high=2400), RowCount(low=500, high=2000)
    [got] = proposals(learned([invariant(old, says=says(old, 0.0))]), _deliveries([0.7, 0.7]))
    assert got.values == {"invariant": new, "says": says(new, 0.0)}
    assert "500" in says(new, 0.0)


def test_yes_needs_the_claims_by_name(path: Path, history: Path) -> None:
    assert _run(path, "--yes").exit_code == 2
    got = _run(path, "--yes", "--claim", "dist-spend", "--last", "2")
    assert got.exit_code == 0, got.output
    new = read_claims(path)
    assert new.claim("dist-spend").distribution.rows == 2000
    assert new.claim("f-spend-gold") == rounded(new.claim("f-spend-gold"))
    assert new.claim("f-spend-gold").baseline.deliveries == 0
    assert "Nothing changes." in _run(path, "--claim", "dist-spend", "--last", "2").output


@pytest.mark.parametrize("effects", [[0.5, 0.51, 0.49, 0.5], [0.3, 0.31, 0.32, 0.3]], ids=["vanished", "reversed"])
def test_a_finding_that_is_no_longer_there_is_retired_and_gets_no_baseline_of_nothing(effects: list[float]) -> None:
    [got] = proposals(learned(), _deliveries(effects), ["f-spend-gold"])
    assert got.values == {"state": "retired"}
    assert "no longer show" in got.note


def test_a_retired_finding_is_written_as_such(path: Path) -> None:
    for entry in _deliveries([0.5, 0.51, 0.49, 0.5]):
        History(path.with_name("claims.history.jsonl")).append(entry)
    work = Rebaseline(path, None, ["f-spend-gold"])
    work.accept(work.proposals[0])
    work.save()
    assert read_claims(path).claim("f-spend-gold").state == "retired"


def test_a_rule_has_no_baseline_and_a_history_of_other_claims_does_not_count(path: Path, history: Path) -> None:
    assert "A rule has no baseline. Edit line" in _run(path, "--claim", "inv-plan").output
    path.write_text(path.read_text(encoding="utf-8").replace("a" * 64, "b" * 64), encoding="utf-8")
    got = _run(path)
    assert got.exit_code == 2
    assert "Run `heldout review` on new deliveries first" in got.output


def test_a_baseline_laid_out_by_hand_keeps_its_comments(path: Path, history: Path) -> None:
    text = path.read_text(encoding="utf-8")
    by_hand = (
        "baseline:\n      effect: 0.712346   # from spring\n      standard_error: 0.0123456\n      rows: 1200\n"
        "      between: 0.01\n"
    )
    path.write_text(
        text.replace("baseline: {effect: 0.712346, standard_error: 0.0123456, rows: 1200}\n", by_hand),
        encoding="utf-8",
    )
    assert _run(path, "--yes", "--claim", "f-spend-gold").exit_code == 0
    assert "# from spring" in path.read_text(encoding="utf-8")
    assert read_claims(path).claim("f-spend-gold").baseline.deliveries == 4


def test_what_a_file_says_cannot_steer_the_terminal(path: Path, history: Path) -> None:
    claims = learned([finding(says="\x1b[2Jgone"), invariant(InRange(column="spend", low=0)), distribution()])
    path.write_text(write_claims(claims), encoding="utf-8")
    got = _run(path)
    assert got.exit_code == 0
    assert "\x1b" not in got.output


def test_the_commands_say_what_they_need() -> None:
    got = CliRunner().invoke(cli_edit.suppress, ["inv-plan", "--reason", "r", "--owner", "o"])
    assert got.exit_code == 2
    assert "--expires" in got.output
