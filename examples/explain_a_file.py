"""Explain a file: prints the findings that held up with their figures, then the files of the report.

The ledger and the report live in a temporary folder, so running this spends nothing of yours. Drop `ledger=`
to keep the account that makes a second look honest.
"""

import tempfile
from pathlib import Path

import heldout

TABLE = Path(__file__).parent / "data" / "affairs.csv"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = heldout.explain(TABLE, ledger=Path(folder) / "ledger.jsonl")
        split, counts = report.result.split, report.result.counts
        print(f"{split.exploration_rows:,} rows explored, {split.held_out_rows:,} sealed beforehand.")
        print(f"{counts.committed} hypotheses committed, {counts.verified} verified. The first three:")
        for finding in report.verified[:3]:
            print(f"- {finding.sentence}")
        for file in report.save(Path(folder) / "report"):
            print(f"wrote {file.name}")


if __name__ == "__main__":
    main()
