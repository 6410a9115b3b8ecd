"""Computes every held-out number of this report again, as a second opinion: `python reproduce.py [FOLDER]`.

Reads report.json, held_out.parquet and ledger.jsonl beside it (and text_models.json where claims speak of themes) and
needs numpy, scipy and duckdb, not heldout.

Checked, each figure by a road of its own where there is one: the ledger's chain of hashes; that the claims are
those committed before the rows were opened, and in a thread that each question's level follows from the answers
before it; and for every finding its counts, statistic, degrees of freedom, p-values (the same seeded draws), effects
with intervals, groups, adjusted p, threshold, power, outcome and size. Of texts: that the documents are those of the
opened rows, every property of theirs that a claim names, and that the examples are the first by digest.

Not checked: how the file was opened, cleaned and split (that needs the file), what was seen on exploration rows,
which claims were drafted, which pairs follow from how the table is built, the wording, the warnings, the pictures.

Exit code: 0 when nothing differs, 1 when something does, 2 when a file is missing.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import Found
from .examples import example_faults
from .ledger import chain_faults, commitment_faults
from .table import read_table
from .texts import given_lines, read_models, text_faults, with_texts
from .threads import thread_commit, thread_faults
from .verdicts import FIELDS, verdicts


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value with its path; what both sides leave empty is not told."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from leaves(one, f"{name}[{at}]")
    else:
        yield name, value


def claimed(finding: Found) -> Found:
    """What the report says of a finding, in the recomputation's shape."""
    held = finding["held_out"]
    effects = {
        k: held[k] and {e: held[k][e] for e in ("value", "low", "high", "level")} for k in ("effect", "in_units")
    }
    names = ("n", "mean", "low", "high", "median")
    own = ("id", "outcome", "size", "smallest_effect", "detectable", "rows_needed")
    return (
        {k: held[k] for k in (*FIELDS, "p_value", "p_adjusted", "threshold")}
        | {"groups": [{k: g[k] for k in names} for g in held["groups"]], "n_per_group": per_group(finding)}
        | {k: finding[k] for k in own}
        | effects
    )


def per_group(finding: Found) -> list[int]:
    """The rows of each group in the order of the groups; ascending where no group is shown."""
    rows = dict(finding["held_out"]["n_per_group"])
    labels = [g["label"] for g in finding["held_out"]["groups"]]
    if finding["family"] == "categorical_association":
        cut = f" where `{finding['hypothesis']['predictor']}` is "
        labels = [f"{cut[7:]}{label.rpartition(cut)[2]}" for label in labels]
    return [rows[label] for label in labels if label in rows] or sorted(rows.values())


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two plain values agree: text exactly, numbers to 1e-9 of their size, p-values however small."""
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    least = 0.0 if name.startswith("p_") else 1e-12
    return abs(one - other) <= max(least, 1e-9 * max(abs(one), abs(other)))


def compare(finding: Found, own: Found) -> tuple[int, list[str]]:
    """How many numbers were recomputed, and every field that differs."""
    left = dict(leaves(claimed(finding)))
    if not finding["held_out"]["groups"]:
        own = own | {"n_per_group": sorted(own["n_per_group"])}
    right = dict(leaves({k: own[k] for k in claimed(finding)}))
    names = [n for n in left | right if (left.get(n), right.get(n)) != (None, None)]
    differ = [
        f"{n}: report {left.get(n)!r}, recomputed {right.get(n)!r}"
        for n in names
        if not same(n, left.get(n), right.get(n))
    ]
    return sum(1 for n in names if not isinstance(left.get(n) or right.get(n), str)), differ


def check(folder: Path, report: Found) -> tuple[int, list[str]]:
    """The lines to print and how many of them tell of a difference."""
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    seal = next(e["body"] for e in entries if e["kind"] == "seal")
    number = report["ledger"]["session"]
    commit = thread_commit(entries, number)
    faults = [] if commit is None else [*thread_faults(report, commit)]
    if commit is None:
        commit = [e["body"] for e in entries if e["kind"] == "commit" and e["body"]["number"] == number][-1]
    faults = [*chain_faults(entries), *commitment_faults(report, entries, commit), *faults]
    dates = frozenset(c["name"] for c in report["dataset"]["columns"] if c["type"] == "datetime")
    serial = seal["kind"] == "time" or seal["block"] is not None
    findings, models = report["findings"], read_models(folder)
    rows = read_table(folder / "held_out.parquet", dates, serial)
    table = with_texts(rows, findings, models)
    faults += [*text_faults(report, rows, models), *example_faults(report, table)]
    lines, numbers, differ = [*faults, *given_lines(rows, findings)], 0, len(faults)
    for finding, own in zip(findings, verdicts(findings, table, commit), strict=True):
        count, faults = compare(finding, own)
        numbers, differ = numbers + count, differ + len(faults)
        lines.append(f"{finding['id']} {finding['outcome']}: {'; '.join(faults) or 'ok'}")
    return differ, [*lines, f"{len(findings)} findings, {numbers} numbers recomputed, {differ} differ"]


def main(arguments: list[str]) -> int:
    """Check the report in a folder, by default the one this file lies in."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    needed = ("report.json", "ledger.jsonl", "held_out.parquet")
    missing = [name for name in needed if not (folder / name).is_file()]
    report: Found = {} if "report.json" in missing else json.loads((folder / "report.json").read_text("utf-8"))
    if report and not report["findings"]:
        print("The report holds no findings: there is nothing to recompute.")
        return 0
    if missing:
        print(f"Missing in {folder}: {', '.join(missing)}.")
        return 2
    differ, lines = check(folder, report)
    print("\n".join(lines))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
