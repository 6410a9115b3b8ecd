"""The whole job on damaged and odd files: a report or a refusal in words, never a traceback.

    python benchmarks/mutated_reports.py [FILES]     # 2,000 by default; --write: into docs/evidence.md

Beside `mutated_files.py`, which judges what was opened, this runs `heldout.explain` on the same mutants and renders
every report as HTML, Markdown, terminal text and JSON. A fault is any exception that is not one of our errors.
"""

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from mutations import KINDS_OF_DAMAGE, write_mutant  # noqa: E402


def one(job: tuple[str, int]) -> tuple[str, str, str]:
    """Kind, outcome and the reason of one mutant."""
    import heldout

    kind, seed = job
    with tempfile.TemporaryDirectory() as folder:
        path, limits = write_mutant(kind, seed, Path(folder))
        try:
            report = heldout.explain(path, limits=limits, ledger=Path(folder) / "l.jsonl", threads=1)
            texts = report.to_html(), report.to_markdown(), report.to_terminal(100), report.to_json()
        except heldout.HeldoutError as err:
            told = str(err)
            return kind, "refused" if told.strip() else "fault", told
        except Exception as err:
            return kind, "fault", f"{type(err).__name__}: {err}"
    return kind, "reported" if all(texts) else "fault", ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=int, nargs="?", default=2_000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    kinds = list(KINDS_OF_DAMAGE)
    jobs = [(kinds[at % len(kinds)], at // len(kinds)) for at in range(options.files)]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(one, jobs, chunksize=8))
    counts = Counter((kind, outcome) for kind, outcome, _ in results)
    lines = ["| kind | reported | refused | fault |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {k} | " + " | ".join(str(counts[k, o]) for o in ("reported", "refused", "fault")) + " |" for k in kinds
    ]
    faults = [f"{kind}: {why}" for kind, outcome, why in results if outcome == "fault"]
    lines.append(f"\n{len(results)} files, {len(faults)} faults.")
    print("\n".join([*lines, *(f"fault: {f}" for f in faults[:40])]))
    if options.write:
        from pages import write_section

        write_section("mutated", "\n".join(lines))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
