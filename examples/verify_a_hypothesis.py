"""Verify hypotheses of your own: prints what was understood, the verdicts, and that asking again spends nothing.

A hypothesis is a sentence in the grammar's words or a dict of the grammar. It is committed to the ledger before a
held-out row is read, like those that `explain` drafts.
"""

import tempfile
from pathlib import Path

import heldout

TABLE = Path(__file__).parent / "data" / "affairs.csv"
HYPOTHESES = [
    "affairs falls with rate_marriage",
    "affairs higher for religious=1 or 2",
    {"claim": "affairs increases with educ among age >= 30", "name": "education", "note": "from the literature"},
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        report = heldout.verify(TABLE, HYPOTHESES, ledger=ledger)
        for asked in report.result.asked:
            print(f"{asked.text}\n    understood: {asked.understood}\n    {asked.outcome}")
        again = heldout.verify(TABLE, HYPOTHESES[::-1], ledger=ledger)
        print(f"Asked again in another order: nothing spent: {again.replayed}")


if __name__ == "__main__":
    main()
