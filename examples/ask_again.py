"""Ask twice, then ask something else: prints that the repeat spent nothing, and what the ledger has left.

The sealed rows are a budget. The same question shows the same report; another question opens the next
vault, and the opened one joins the exploration rows.
"""

import tempfile
from pathlib import Path

import heldout
from heldout.agent.books import describe

TABLE = Path(__file__).parent / "data" / "affairs.csv"


def tell(what: str, report: heldout.Explanation) -> None:
    split, counts = report.result.split, report.result.counts
    states = ", ".join(f"vault {v.number} {v.state}" for v in split.vaults)
    paid = "shown again, nothing spent" if report.replayed else "one vault opened"
    print(f"{what}: {counts.verified} of {counts.committed} hypotheses verified ({paid}). {states}.")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        first = heldout.explain(TABLE, ledger=ledger)
        tell("First question", first)
        again = heldout.explain(TABLE, ledger=ledger)
        tell("Same question", again)
        print(f"Same report, byte for byte: {first.to_json(timing=False) == again.to_json(timing=False)}")
        tell("Another question", heldout.explain(TABLE, outcome="affairs", ledger=ledger))
        print(describe(TABLE, ledger))


if __name__ == "__main__":
    main()
