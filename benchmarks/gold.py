"""Recall of the checked truths in ../shared/data/gold.jsonl: which does `explain` verify, and why not the others?

    python benchmarks/gold.py            # every table twice: without a focus, and asked for the claim's outcome
    python benchmarks/gold.py --write    # the same, and the table goes into docs/evidence.md

Only claims of the relations that the families built so far can state: association, difference, trend. A truth
counts as found when a verified finding has its two columns and its direction.
"""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import heldout
from heldout.agent.report.result import Finding
from heldout.tools.errors import HeldoutError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
RELATIONS = ("association", "difference", "trend")


def truths() -> list[dict]:
    lines = (DATA / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    all_of_them = [json.loads(line) for line in lines]
    return [
        g
        for g in all_of_them
        if g["task_type"] == "gold_claim" and g["typed"]["relation"] in RELATIONS and not g.get("is_text")
    ]


def columns_of(typed: dict) -> tuple[str, str, str | None]:
    """Outcome, predictor and event of a typed claim, `share X=level` read as an event of X."""
    match = re.fullmatch(r"share (.+?)=(.+)", typed["outcome"])
    if match:
        return match[1], typed["predictor"], match[2]
    return typed["outcome"], typed["predictor"], None


def is_found(typed: dict, finding: Finding) -> bool:
    outcome, predictor, event = columns_of(typed)
    h = finding.hypothesis
    if {canonical(h["outcome"]), canonical(h["predictor"])} != {canonical(outcome), canonical(predictor)}:
        return False
    if event is not None and h.get("event") not in (event, None):
        return False
    return agrees(typed["direction"], finding)


def canonical(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def agrees(direction: str, finding: Finding) -> bool:
    """Whether the finding points the way the truth does."""
    h = finding.hypothesis
    effect = finding.held_out.effect
    if h["family"] == "categorical_association":
        return True
    if effect is None:
        return False
    null = 0.5 if h["family"] == "group_difference" else 0.0
    up = effect.value > null
    plain = direction.split("(")[0].split(",")[0].strip() if direction[0] in "+-" else direction
    if plain[:1] in "+-" and ">" not in direction and "<" not in direction:
        if h["family"] in ("monotone_association", "trend"):
            return up == (plain[0] == "+")
        a = h["levels"]["a"][0]
        return up == (plain[0] == "+") if a not in ("0", "no", "false", "No") else up == (plain[0] == "-")
    if "->" in direction:
        level, event = (s.strip() for s in direction.split("->"))
        return h.get("event") in (event, level) and up
    return _levels_agree(direction.split("(")[0], h, up)


def _levels_agree(direction: str, h: dict, up: bool) -> bool:
    parts = [p.strip() for p in re.split(r"[<>]", direction)]
    if "<" in direction:
        parts.reverse()
    top, bottom = ({v.strip() for v in side.split(",")} for side in (parts[0], parts[-1]))
    if h["family"] in ("monotone_association", "trend"):
        try:
            rises = min(map(float, top)) > max(map(float, bottom))
        except ValueError:
            return False
        return up == rises
    a, b = set(h["levels"]["a"]), set(h["levels"]["b"])
    if a & top and not a & bottom:
        return up
    if a & bottom and not a & top:
        return not up
    return bool(b & top) and not up


def why_missed(typed: dict, findings: tuple[Finding, ...], report: heldout.Explanation) -> str:
    """What stands in the report about the two columns, in a few words."""
    outcome, predictor, _ = columns_of(typed)
    pair = {canonical(outcome), canonical(predictor)}
    for s in report.result.structure:
        if pair <= {canonical(c) for c in s.columns}:
            return f"structure: {s.text}"
    near = [f for f in findings if {canonical(f.hypothesis["outcome"]), canonical(f.hypothesis["predictor"])} == pair]
    if near:
        f = near[0]
        p = "" if f.held_out.p_value is None else f", p {f.held_out.p_value:.3g}"
        return f"{f.outcome}: {f.claim}{p}; {f.reason}"
    left = {canonical(c.name): c.role for c in report.result.dataset.columns if c.role != "analysed"}
    for name in pair:
        if name in left:
            return f"column left out: {left[name]}"
        if name not in {canonical(c.name) for c in report.result.dataset.columns}:
            return f"no column of that name: {name}"
    for x in report.result.leads:
        if {canonical(x["a"]), canonical(x["b"])} == pair:
            return f"a lead ({x['measure']} {x['strength']:.2f}), not drafted"
    return report.result.message or "not among the strongest leads"


def run(focused: bool) -> list[tuple[dict, bool, str]]:
    reports: dict[tuple[str, str | None], heldout.Explanation | str] = {}
    out = []
    for gold in truths():
        outcome, _, _ = columns_of(gold["typed"])
        key = gold["file"], outcome if focused else None
        if key not in reports:
            reports[key] = explain(*key)
        report = reports[key]
        if isinstance(report, str):
            out.append((gold, False, report))
            continue
        found = any(is_found(gold["typed"], f) for f in report.verified)
        out.append((gold, found, "" if found else why_missed(gold["typed"], report.findings, report)))
    return out


def explain(file: str, outcome: str | None) -> heldout.Explanation | str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return heldout.explain(DATA / file, outcome=outcome, ledger=Path(folder) / "ledger.jsonl")
        except HeldoutError as err:
            return f"{type(err).__name__}: {err}"


def table(results: dict[str, list[tuple[dict, bool, str]]]) -> str:
    lines = ["| truth | outcome ~ predictor | both halves | " + " | ".join(results) + " | why missed |"]
    lines.append("| --- | --- | --- | " + " | ".join("---" for _ in results) + " | --- |")
    for rows in zip(*results.values(), strict=True):
        gold = rows[0][0]
        why = next((r[2] for r in rows if not r[1]), "").replace("|", "/")
        cells = " | ".join("found" if r[1] else "missed" for r in rows)
        name = f"{gold['typed']['outcome']} ~ {gold['typed']['predictor']}"
        holds = gold["check"].get("holds_in_both_halves", "untried")
        lines.append(f"| {gold['id']} | {name} | {holds} | {cells} | {why} |")
    for label, rows in results.items():
        held = [r for r in rows if r[0]["check"].get("holds_in_both_halves")]
        found = sum(r[1] for r in held)
        share = found / max(len(held), 1)
        lines.append(
            f"\n{label}: {found} of {len(held)} truths that hold in both halves ({share:.0%}); "
            f"{sum(r[1] for r in rows)} of all {len(rows)}."
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    if not (DATA / "gold.jsonl").is_file():
        print("No gold.jsonl beside the checkout: nothing to measure.")
        return 0
    text = table({"no focus": run(False), "asked": run(True)})
    print(text)
    if options.write:
        from pages import write_section

        write_section("gold", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
