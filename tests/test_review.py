"""Learning a table and holding its deliveries to it, from the command and from the library."""

import json
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import heldout
from heldout.agent.cli import cli
from heldout.agent.review.claims_yaml import read_claims
from heldout.tools.errors import UsageError
from heldout.tools.review.history import History


def orders(seed: int, n: int = 900, effect: float = 12.0) -> pd.DataFrame:
    """Orders of a shop: amounts are higher in the plan `gold`, weights in grams, ids that name a row."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "gold"], n, p=[0.6, 0.4])
    amount = 40 + effect * (plan == "gold") + rng.normal(0, 10, n)
    return pd.DataFrame(
        {
            "order_id": [f"A{seed % 100:02d}{k:05d}" for k in range(n)],
            "plan": plan,
            "region": rng.choice(["north", "south", "west"], n),
            "amount": amount.round(2),
            "weight": rng.gamma(4, 300, n).round(1),
        }
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the claims of one table and four deliveries that calibrated them."""
    folder = tmp_path_factory.mktemp("learned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELDOUT_HOME", str(folder / "home"))
        orders(1, 2_000).to_csv(folder / "orders.csv", index=False)
        heldout.learn(folder / "orders.csv", folder / "claims.yml")
        for week in range(4):
            heldout.review(orders(10 + week), folder / "claims.yml", name=f"week {week}", when="2026-01-01")
    return folder


@pytest.fixture
def claims(learned: Path, tmp_path: Path) -> Path:
    """A copy of the learned claims and their history."""
    for name in ("claims.yml", "claims.history.jsonl"):
        (tmp_path / name).write_bytes((learned / name).read_bytes())
    return tmp_path / "claims.yml"


def test_what_is_learned_holds_findings_rules_and_distributions(learned: Path) -> None:
    claims = read_claims(learned / "claims.yml")
    kinds = {c.kind for c in claims.claims}
    assert kinds == {"finding", "invariant", "distribution"}
    assert any("amount" in c.says and "plan" in c.says for c in claims.claims if c.kind == "finding")
    assert any(c.invariant is not None and c.invariant.rule == "unique" for c in claims.claims)
    assert all(c.line for c in claims.claims)


def test_learning_twice_gives_the_same_file(learned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path / "home"))
    heldout.learn(learned / "orders.csv", tmp_path / "claims.yml")
    assert (tmp_path / "claims.yml").read_text() == (learned / "claims.yml").read_text()


def test_a_file_that_is_there_is_not_written_over(learned: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        heldout.learn(learned / "orders.csv", learned / "claims.yml")


def test_an_unchanged_delivery_is_clean_and_its_review_the_same_to_the_byte(claims: Path) -> None:
    once, again = (heldout.review(orders(20), claims, when="2026-02-01", record=False) for _ in range(2))
    assert (once.result.outcome, once.exit_code) == ("clean", 0)
    assert once.result.delivery is not None
    assert once.result.delivery.number == 5
    assert once.to_json() == again.to_json()


def test_an_effect_that_vanished_is_broken_and_stops_the_pipeline(claims: Path) -> None:
    found = heldout.review(orders(21, effect=0.0), claims, when="2026-02-01")
    broken = [c for c in found.result.checks if c.kind == "finding" and c.state == "broken"]
    assert broken
    assert broken[0].level == "error"
    assert broken[0].held is not None
    assert broken[0].held.change in ("gone", "weaker")
    assert found.exit_code == 1


def test_the_first_deliveries_advise_only(claims: Path, tmp_path: Path) -> None:
    found = heldout.review(orders(21, effect=0.0), claims, history=tmp_path / "new.jsonl", when="2026-02-01")
    levels = {c.level for c in found.result.checks if c.kind == "finding"}
    assert "error" not in levels
    assert "warn" in levels
    assert found.result.delivery is not None
    assert found.result.delivery.calibration == 1


def test_a_rule_is_broken_at_once_with_its_rows(claims: Path) -> None:
    damaged = orders(22)
    damaged.loc[[4, 9], "order_id"] = damaged.loc[0, "order_id"]
    found = heldout.review(damaged, claims, when="2026-02-01")
    [key] = [c for c in found.result.checks if c.violations and c.state == "broken" and "order_id" in c.says]
    assert key.violations is not None
    assert key.violations.rows >= 2
    assert set(key.violations.first) & {5, 10}
    assert found.exit_code == 1


def test_a_suppressed_claim_is_computed_and_counts_for_nothing_until_it_expires(claims: Path) -> None:
    broken = orders(21, effect=0.0)
    first = heldout.review(broken, claims, when="2026-02-01", record=False).result
    ids = [c.id for c in first.checks if c.level in ("error", "warn")]
    options = ["--claims", str(claims), "--reason", "known", "--owner", "ana", "--expires", "2099-03-01"]
    done = CliRunner().invoke(cli, ["suppress", *ids, *options])
    assert done.exit_code == 0, done.output
    quiet = heldout.review(broken, claims, when="2099-03-01", record=False)
    assert quiet.exit_code == 0
    assert {c.state for c in quiet.result.checks if c.id in ids} <= {"broken", "watch"}
    late = heldout.review(broken, claims, when="2099-03-02", record=False)
    assert late.exit_code == 1
    assert all(c.expired for c in late.result.checks if c.id in ids)


def test_the_same_content_counts_once_and_is_judged_as_it_was(claims: Path) -> None:
    book = History(claims.with_name("claims.history.jsonl"))
    broken = orders(21, effect=0.0)
    first = heldout.review(broken, claims, when="2026-02-01")
    size = len(book.entries())
    again = heldout.review(broken, claims, when="2026-02-01")
    assert len(History(book.path).entries()) == size
    assert again.again
    assert again.exit_code == first.exit_code == 1
    assert [c.state for c in again.result.checks] == [c.state for c in first.result.checks]


def test_a_delivery_of_an_earlier_name_takes_its_place(claims: Path) -> None:
    found = heldout.review(orders(23), claims, name="week 3", when="2026-02-01").result
    assert found.delivery is not None
    assert found.delivery.supersedes == 4
    own = read_claims(claims)
    book = History(claims.with_name("claims.history.jsonl"))
    assert [e.name for e in book.of(own.fingerprint[:16])][1:] == ["week 0", "week 1", "week 2", "week 3"]


def test_what_cannot_be_read_is_undecided_and_never_clean(claims: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("order_id,plan,region,amount,weight\n")
    for name in ("empty.csv", "header.csv", "absent.csv"):
        found = heldout.review(tmp_path / name, claims, when="2026-02-01")
        assert (found.result.outcome, found.exit_code) == ("undecided", 3), name


def test_exit_codes_of_the_command(claims: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    orders(24).to_csv(tmp_path / "good.csv", index=False)
    orders(21, effect=0.0).to_csv(tmp_path / "bad.csv", index=False)
    common = ["--claims", str(claims), "--no-record", "-q"]
    assert run(cli, ["review", str(tmp_path / "good.csv"), *common]).exit_code == 0
    assert run(cli, ["review", str(tmp_path / "bad.csv"), *common]).exit_code == 1
    assert run(cli, ["review", str(tmp_path / "bad.csv"), *common, "--fail-on", "never"]).exit_code == 0
    assert run(cli, ["review", str(tmp_path / "none.csv"), *common]).exit_code == 3
    assert run(cli, ["review", str(tmp_path / "good.csv"), "--claims", str(tmp_path / "no.yml")]).exit_code == 2
    as_json = run(cli, ["review", str(tmp_path / "bad.csv"), *common, "--json"])
    assert json.loads(as_json.stdout)["exit_code"] == 1


def test_a_claims_file_without_claims_decides_nothing(claims: Path) -> None:
    text = claims.read_text()
    claims.write_text(text[: text.index("\nclaims:")] + "\nclaims: []\n")
    assert heldout.review(orders(24), claims, when="2026-02-01").exit_code == 3


def test_a_review_opens_no_socket(claims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a review opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert heldout.review(orders(25), claims, when="2026-02-01").exit_code == 0


def test_every_file_of_a_review_is_written(claims: Path, tmp_path: Path) -> None:
    found = heldout.review(orders(21, effect=0.0), claims, when="2026-02-01")
    written = {p.name for p in found.save(tmp_path / "out")}
    assert written == {"review.html", "review.md", "review.json", "junit.xml", "review.sarif"}
    assert all((tmp_path / "out" / name).stat().st_size for name in written)


DRIFT = Path(__file__).resolve().parents[2] / "shared" / "data" / "drift"


@pytest.mark.skipif(not DRIFT.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    ("old", "new", "first", "figures", "silent"),
    [
        ("bike_2011.csv", "bike_2012.csv", "count", ("up by 6", "239"), "windspeed"),
        ("flights_autumn.csv", "flights_summer.csv", "dep_delay", ("up", "6.3", "20.6"), "distance"),
    ],
)
def test_the_story_names_the_true_change_first_and_nothing_false(
    old: str, new: str, first: str, figures: tuple[str, ...], silent: str
) -> None:
    """The old delivery is the baseline, so that no table has to be learned for it."""
    from heldout.tools.review.delivery import open_delivery
    from heldout.tools.review.shifts import find_shifts
    from heldout.tools.review.sketching import sketch_of
    from heldout.tools.review.story import tell

    sketches = []
    for name in (old, new):
        with open_delivery(DRIFT / name, ()) as opened:
            like = sketches[0] if sketches else None
            sketches.append(
                sketch_of(opened.cursor(), "data", opened.columns, like=like, name=name, digest=opened.digest)
            )
    shifts = find_shifts(sketches[0], sketches[1])
    story = tell(sketches[0], sketches[1], shifts, sums=[("count", ("casual", "registered"))])
    assert story[0].columns[0] == first
    assert all(figure in story[0].text for figure in figures)
    assert not any(silent in change.columns for change in story)
    assert all(s.state == "holds" for s in shifts if s.column == silent)


def test_a_day_that_is_none_is_refused(claims: Path) -> None:
    for when in ("tomorrow", "01.01.2027", "2026-13-01"):
        with pytest.raises(UsageError, match="must be a day"):
            heldout.review(orders(20), claims, when=when)


def test_a_history_that_was_lost_is_said_loudly(claims: Path) -> None:
    claims.with_name("claims.history.jsonl").unlink()
    found = heldout.review(orders(20), claims, when="2026-02-01")
    assert "history does not hold the learned data" in found.result.message


def test_a_key_that_names_several_rows_is_not_learned(learned: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no single row"):
        heldout.learn(learned / "orders.csv", tmp_path / "claims.yml", key=("plan",), ledger=tmp_path / "l.jsonl")
    assert not (tmp_path / "claims.yml").exists()


def test_a_retry_of_what_stopped_the_pipeline_is_not_skipped(claims: Path, tmp_path: Path) -> None:
    orders(26).to_csv(tmp_path / "good.csv", index=False)
    orders(21, effect=0.0).to_csv(tmp_path / "bad.csv", index=False)
    codes = []
    for name in ("good.csv", "good.csv", "bad.csv", "bad.csv"):
        run = ["review", str(tmp_path / name), "--claims", str(claims), "-q", "--skip-if-unchanged"]
        codes.append(CliRunner().invoke(cli, run).exit_code)
    assert codes == [0, 99, 1, 1]


def test_past_deliveries_calibrate_at_once(learned: Path, tmp_path: Path) -> None:
    run = ["learn", str(learned / "orders.csv"), "--out", str(tmp_path / "claims.yml"), "-q"]
    run += ["--ledger", str(tmp_path / "ledger.jsonl")]
    for week in range(2):
        orders(30 + week).to_csv(tmp_path / f"week{week}.csv", index=False)
        run += ["--past", str(tmp_path / f"week{week}.csv")]
    done = CliRunner().invoke(cli, run)
    assert done.exit_code == 0, done.output
    assert [e.name for e in History(tmp_path / "claims.history.jsonl").entries()] == [
        "orders.csv", "week0.csv", "week1.csv",
    ]  # fmt: skip
