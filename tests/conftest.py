"""What every test shares: a home of its own, repeatable properties, and one table whose truths are known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

settings.register_profile("heldout", deadline=None, derandomize=True)
settings.load_profile("heldout")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the ledgers of the person who runs it."""
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables beside the checkout; a test that needs one skips where it is absent."""
    return Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def planted() -> pd.DataFrame:
    """1,200 independent rows with known truths and known nulls.

    True: `spend` is higher for `plan` = gold (P(A>B) about .71), `churned` is likelier without `contract` (by 25
    points), `spend` grows with `visits` (rho about .35). Null: `noise`, `luck` and `shade` depend on nothing.
    """
    rng = np.random.default_rng(20_261_121)
    n = 1_200
    plan = rng.choice(["basic", "plus", "gold"], n, p=[0.5, 0.3, 0.2])
    visits = rng.poisson(8, n)
    contract = rng.random(n) < 0.5
    spend = 20 + 8 * (plan == "gold") + 1.4 * visits + rng.normal(0, 10, n)
    churned = rng.random(n) < np.where(contract, 0.15, 0.40)
    return pd.DataFrame(
        {
            "plan": plan,
            "visits": visits,
            "contract": np.where(contract, "yes", "no"),
            "noise": rng.normal(50, 5, n).round(3),
            "luck": rng.exponential(3, n).round(3),
            "shade": rng.choice(["red", "green", "blue"], n),
            "spend": spend.round(2),
            "churned": np.where(churned, "yes", "no"),
        }
    )
