"""Explain a DataFrame whose truths are known: prints which planted relations were found, and what else.

Spending depends on plan and visits, churn on the contract; `mood`, `shade` and `luck` depend on nothing. A tool
that reported chance would list some of those too.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import heldout

PLANTED = {
    frozenset(("spend", "plan")): "spend is higher on the gold plan",
    frozenset(("spend", "visits")): "spend grows with visits",
    frozenset(("churned", "contract")): "churn is rarer under a contract",
}


def customers(rows: int = 4_000) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    plan = rng.choice(["basic", "plus", "gold"], rows, p=[0.5, 0.3, 0.2])
    visits = rng.poisson(8, rows)
    contract = rng.choice(["yes", "no"], rows)
    return pd.DataFrame(
        {
            "plan": plan,
            "visits": visits,
            "contract": contract,
            "mood": rng.normal(50, 5, rows).round(2),
            "shade": rng.choice(["red", "green", "blue"], rows),
            "luck": rng.exponential(3, rows).round(2),
            "spend": (20 + 8 * (plan == "gold") + 1.4 * visits + rng.normal(0, 10, rows)).round(2),
            "churned": np.where(rng.random(rows) < np.where(contract == "yes", 0.15, 0.40), "yes", "no"),
        }
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = heldout.explain(customers(), name="customers", ledger=Path(folder) / "ledger.jsonl")
    for finding in report.verified:
        print(f"- {finding.sentence}")
    pairs = {frozenset((f.hypothesis["outcome"], f.hypothesis["predictor"])) for f in report.verified}
    for pair, truth in PLANTED.items():
        print(f"{'found' if pair in pairs else 'missed'}: {truth}")
    print(f"verified although nothing was planted: {len(pairs - set(PLANTED))}")
    print(report.table()[["outcome", "family", "outcome_column", "predictor"]].to_string(index=False))


if __name__ == "__main__":
    main()
