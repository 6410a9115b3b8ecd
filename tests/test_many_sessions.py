"""Small versions of `benchmarks/sessions.py`: ten sessions of fifteen questions, every number shown."""

from pathlib import Path

import numpy as np
import pytest

from heldout.tools.verify.multiplicity import session_lond

online_fdr = pytest.importorskip("online_fdr.p_values", reason="pip install online-fdr")

from benchmarks import sessions, sessions_rows, sessions_z  # noqa: E402
from benchmarks.sessions_judges import ASKED, QUESTIONS, SESSIONS, Arm, Batches, Seen, arms  # noqa: E402
from heldout.tools.verify.ledger import Ledger  # noqa: E402

ARMS = {arm.name: arm for arm in arms()}
REPS = 300


def _play(arm: str, analyst: str, share: float = 0.0) -> Seen:
    return sessions_z.play(ARMS[arm], analyst, share, REPS, 3)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_one_claim_a_batch_is_lond_with_the_vaults_weights_as_its_sequence(share: float) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        lond, earlier = online_fdr.Lond(0.05), 0
        for at in range(1, 60):
            p = float(rng.uniform(0, 1e-4) if rng.random() < share else rng.uniform(0, 0.01))
            theirs = lond.test_one(p)
            weight = float(lond.seq.calc_gamma(at, alpha=0.05)) / 0.05
            ours = session_lond(np.array([p]), weight=weight, q=0.05, earlier=earlier)
            assert ours.rejected[0] == theirs
            assert lond.last_test_level is not None
            assert ours.next_level == pytest.approx(min(0.05, lond.last_test_level), rel=1e-12)
            earlier += theirs


@pytest.mark.parametrize("analyst", list(sessions_z.ANALYSTS))
@pytest.mark.parametrize("arm", [name for name, arm in ARMS.items() if arm.ours])
def test_ours_keeps_its_share_whoever_asks(arm: str, analyst: str) -> None:
    for share in (0.0, 0.3):
        assert _play(arm, analyst, share).share.mean() <= 0.05


@pytest.mark.parametrize("arm", ["LOND", "LORD++", "SAFFRON", "Bonferroni"])
def test_rows_that_are_never_renewed_keep_a_fixed_list_and_nobody_who_reads_the_numbers(arm: str) -> None:
    assert _play(arm, "fixed list").share.mean() <= 0.05
    assert _play(arm, "forking paths").share.mean() > 0.10
    assert _play(arm, "regresses the noise").share.mean() > 0.90


def test_a_fixed_list_asks_the_same_of_every_procedure_on_the_same_rows() -> None:
    worlds = []
    for arm in ("ours, ten vaults", "none"):
        world = sessions_z.World(0.3, 20, 3)
        for session in range(SESSIONS):
            effect, noise = sessions_z.fixed(world, session, SESSIONS)
            world.ask(effect, noise, sessions_z.tenths_of(ARMS[arm], session), lambda p: p < 0)
        worlds.append(world)
    assert np.array_equal(worlds[0].effect, worlds[1].effect)
    assert np.array_equal(worlds[0].noise, worlds[1].noise)
    assert not np.array_equal(worlds[0].z, worlds[1].z)


def test_three_vaults_answer_three_sessions_and_no_tenth_of_the_rows_twice() -> None:
    ours = ARMS["ours, three vaults"]
    assert ours.asked == 3
    parts = [list(sessions_z.tenths_of(ours, at)) for at in range(3)]
    assert [len(p) for p in parts] == [6, 2, 2]
    assert [tenth for part in parts for tenth in part] == list(range(sessions_z.TENTHS))
    assert _play("ours, three vaults", "fixed list", 0.3).true.max() <= 3 * QUESTIONS < ASKED


def test_an_error_control_that_forgets_the_budget_would_be_seen() -> None:
    class Forgetful(Batches):
        def session(self, p, weight):
            return super().session(p, 1.0)

    arm = Arm("ours, ten vaults", ARMS["ours, ten vaults"].weights, Forgetful)
    seen = sessions_z.play(arm, "fixed list", 0.0, 1_000, 3)
    cell = {("fixed list", 0.0, arm.name): seen}
    assert seen.share.mean() > 0.05
    assert sessions.broken(cell, {}, [arm]) == ["fixed list, 0.0, ours, ten vaults"]
    own = Arm("ours, three vaults", ARMS["ours, three vaults"].weights, Batches)
    told = {("fixed list", 0.0, own.name): seen}
    assert sessions.broken({}, told, [own]) == ["rows, 0.0, ours, three vaults"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> sessions_rows.Table:
    return sessions_rows.Table((0.0, 0.3), 1, tmp_path_factory.mktemp("sealed"))


@pytest.mark.parametrize("arm", ["ours, three vaults", "ours, ten vaults"])
def test_on_rows_the_product_answers_a_session_a_vault_and_then_refuses(table: sessions_rows.Table, arm: str) -> None:
    seen, refused = sessions_rows.play(table, 0.3, ARMS[arm], "forking paths", 1)
    assert refused == SESSIONS - ARMS[arm].asked
    assert seen.found[0] > seen.false[0] == 0
    [file] = table.folder.glob(f"{arm.replace(' ', '_').replace(',', '')}-forking_paths-0.3.jsonl")
    kinds = [entry.kind for entry in Ledger(file).entries(table.dataset)]
    assert kinds == ["seal", *["commit", "open", "reveal"] * ARMS[arm].asked]


def test_on_rows_the_regressed_noise_is_verified_on_rows_that_are_not_renewed(table: sessions_rows.Table) -> None:
    found, _ = sessions_rows.play(table, 0.0, ARMS["Bonferroni"], "regresses the noise", 1)
    ours, _ = sessions_rows.play(table, 0.0, ARMS["ours, three vaults"], "regresses the noise", 1)
    assert found.false[0] == found.found[0] > 0
    assert ours.found[0] == 0


def test_ten_vaults_are_the_held_out_rows_of_the_product_each_once(table: sessions_rows.Table) -> None:
    ten = table.shelves(ARMS["ours, ten vaults"].weights)
    parts = [ten.read(Path(), f"vault_{v.number}") for v in ten.plan.vaults]
    assert sum(v.weight for v in ten.plan.vaults) == pytest.approx(1)
    assert sum(p.n for p in parts) == table.held_out.n == sum(v.rows for v in table.split.plan.vaults)
    for name in ("g0", "e0_0"):
        assert np.array_equal(np.concatenate([p.codes(name) for p in parts]), table.held_out.codes(name))


def test_what_is_true_on_rows_is_what_was_put_there_and_in_its_direction(table: sessions_rows.Table) -> None:
    effects = table.effects[0.3]
    label, event = np.argwhere(effects != 0)[0]
    sign = int(np.sign(effects[label, event]))
    right = sessions_rows.Question(int(event), int(label), sign)
    assert table.is_true(0.3, right)
    assert not table.is_true(0.3, right._replace(sign=-sign))
    assert not table.is_true(0.0, right)
    assert sessions_rows.standing(table.evidence(sessions_rows.claim_of(0.3, right))) > 0
