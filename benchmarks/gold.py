"""Recall of the checked truths in ../shared/data/gold.jsonl: which does `explain` verify, and why not the others?

    python benchmarks/gold.py            # every table twice: without a focus, and asked for the claim's outcome
    python benchmarks/gold.py --write    # the same, and the table goes into docs/evidence.md

Every claim on tables: association, difference, trend, interaction, rule, and the nulls. A truth counts as found when
a verified finding has its columns, its direction and its condition; a null is kept when nothing about its columns is
verified; a confounded truth carries the tag when the finding does not count as robust.
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
RELATIONS = ("association", "difference", "trend", "interaction", "conditional_rule")
NULL = "null"


def truths() -> list[dict]:
    lines = (DATA / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    all_of_them = [json.loads(line) for line in lines]
    return [
        g
        for g in all_of_them
        if g["task_type"] == "gold_claim" and g["typed"]["relation"] in (*RELATIONS, NULL) and not g.get("is_text")
    ]


def columns_of(typed: dict) -> tuple[str, str, str | None]:
    """Outcome, predictor and event of a typed claim, `share X=level` read as an event of X."""
    match = re.fullmatch(r"share (.+?)=(.+)", typed["outcome"])
    if match:
        return match[1], typed["predictor"], match[2]
    plain = re.fullmatch(r"log1p\((.+)\)", typed["outcome"])
    return plain[1] if plain else typed["outcome"], typed["predictor"].split("=")[0], None


def is_found(typed: dict, finding: Finding) -> bool:
    """Whether a verified finding states the truth."""
    if typed["relation"] == "interaction":
        return _interacts(typed, finding.hypothesis)
    if typed["relation"] == "conditional_rule":
        return _rule_found(typed, finding.hypothesis)
    if typed.get("paradox"):
        return _paradox_found(typed, finding)
    outcome, predictor, event = columns_of(typed)
    h = finding.hypothesis
    if {canonical(h["outcome"]), canonical(h["predictor"])} != {canonical(outcome), canonical(predictor)}:
        return False
    if event is not None and h.get("event") not in (event, None):
        return False
    return agrees(typed["direction"], finding)


def _interacts(typed: dict, h: dict) -> bool:
    """The two columns that act together, in either role; a named level must be on the side it is named for."""
    condition, _, level = typed["condition"].partition("=")
    if h["family"] == "interaction":
        together = {canonical(h["predictor"]), canonical(f"{h['moderator']} {h.get('moderator_cycle') or ''}")}
        if canonical(h["outcome"]) != canonical(typed["outcome"]) or not _same_columns(
            together, {canonical(typed["predictor"]), canonical(condition)}
        ):
            return False
        if not level or canonical(h["moderator"]) != canonical(condition) or not h["moderator_levels"]:
            return True
        sides = h["moderator_levels"]
        return (level in sides["a"] and h["direction"] == "higher") or (
            level in sides["b"] and h["direction"] == "lower"
        )
    among = {(t["column"], t["value"]) for t in h["where"]}
    return bool(level) and {canonical(h["outcome"]), canonical(h["predictor"])} == {
        canonical(typed["outcome"]), canonical(typed["predictor"]),
    } and (condition, level) in among  # fmt: skip


def _same_columns(a: set[str], b: set[str]) -> bool:
    """Equal, or equal but for a name that holds the other: `datetime hour` for `hour`."""
    return all(any(y in x.split() or x == y for x in a) for y in b)


def _rule_found(typed: dict, h: dict) -> bool:
    """A comparison of the level with the rest, or a rule that names all of its columns."""
    column, _, level = typed["predictor"].partition("=")
    wanted = {column} | ({re.split(r"[<>=]", typed["condition"])[0]} if typed["condition"] else set())
    if not h["outcome"].startswith(typed["outcome"]):
        return False
    told = {t["column"] for t in (*h.get("rule", ()), *h["where"])} if not isinstance(h.get("rule"), str) else set()
    if h["family"] == "rate_difference" and not typed["condition"]:
        return h["predictor"] == column and level in h["levels"]["a"]
    return wanted <= told | {h["predictor"]}


def _paradox_found(typed: dict, finding: Finding) -> bool:
    """The relation within the condition, or over all rows with the tag that it turns round within the condition."""
    h = finding.hypothesis
    if {canonical(h["outcome"]), canonical(h["predictor"])} != {
        canonical(typed["outcome"]), canonical(typed["predictor"]),
    }:  # fmt: skip
        return False
    if h["family"] == "adjusted_association":
        return typed["condition"] in h["controls"] and h["direction"] == "increasing"
    told = finding.adjustment
    return told.tag == "reversed" and typed["condition"] in (told.driver, told.simpson)


def carries_tag(typed: dict, report: heldout.Explanation) -> bool:
    """Whether the verified finding on a confounded truth is not called robust."""
    outcome, predictor, _ = columns_of(typed)
    pair = {canonical(outcome), canonical(predictor)}
    plain = [f for f in report.verified if f.family not in ("interaction", "adjusted_association", "shape")]
    tags = [
        f.adjustment.tag
        for f in plain
        if {canonical(f.hypothesis["outcome"]), canonical(f.hypothesis["predictor"])} == pair
    ]
    return bool(tags) and all(t in ("attenuated", "reversed") for t in tags)


def stays_null(typed: dict, report: heldout.Explanation) -> bool:
    """Whether nothing on the two columns is verified."""
    outcome, predictor, _ = columns_of(typed)
    pair = {canonical(outcome), canonical(predictor)}
    return all(
        {canonical(f.hypothesis["outcome"]), canonical(f.hypothesis["predictor"])} != pair for f in report.verified
    )


def canonical(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def agrees(direction: str, finding: Finding) -> bool:
    """Whether the finding points the way the truth does."""
    h = finding.hypothesis
    effect = finding.held_out.effect
    if h["family"] in ("categorical_association", "shift"):
        return True
    if h["family"] == "ranking":
        return _order_agrees(direction.split("(")[0], h["order"])
    if effect is None:
        return False
    null = 0.5 if effect.name == "P(A>B)" else 0.0
    up = effect.value > null
    plain = direction.split("(")[0].split(",")[0].strip() if direction[0] in "+-" else direction
    if plain[:1] in "+-" and ">" not in direction and "<" not in direction:
        if h["family"] in ("monotone_association", "trend", "adjusted_association"):
            return up == (plain[0] == "+")
        if not h.get("levels"):
            return False
        a = h["levels"]["a"][0]
        return up == (plain[0] == "+") if a not in ("0", "no", "false", "No") else up == (plain[0] == "-")
    if "->" in direction:
        level, event = (s.strip() for s in direction.split("->"))
        return h.get("event") in (event, level) and up
    return _levels_agree(direction.split("(")[0], h, up)


def _ends(direction: str) -> tuple[set[str], set[str]]:
    """The levels named first and last in `a > b > c`, the highest first."""
    parts = [p.strip() for p in re.split(r"[<>]", direction)]
    if "<" in direction:
        parts.reverse()
    top, bottom = ({v.strip() for v in side.split(",")} for side in (parts[0], parts[-1]))
    return top, bottom


def _order_agrees(direction: str, order: list[str]) -> bool:
    """Whether the first level named stands above the last one named, where both are in the order."""
    top, bottom = _ends(direction)
    if not top <= set(order):
        return False
    below = [order.index(v) for v in bottom if v in order] or [len(order)]
    return max(order.index(v) for v in top) < min(below)


def _levels_agree(direction: str, h: dict, up: bool) -> bool:
    top, bottom = _ends(direction)
    if h["family"] in ("monotone_association", "trend", "adjusted_association"):
        try:
            rises = min(map(float, top)) > max(map(float, bottom))
        except ValueError:
            return False
        return up == rises
    if not h.get("levels"):
        return False
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
        typed = gold["typed"]
        if typed["relation"] == NULL:
            kept = stays_null(typed, report)
            out.append((gold, kept, "" if kept else "verified, and should not be"))
            continue
        found = any(is_found(typed, f) for f in report.verified)
        why = "" if found else why_missed(typed, report.findings, report)
        if found and typed.get("confounder") and not carries_tag(typed, report):
            found, why = False, f"found, but called robust although `{typed['confounder']}` explains it"
        out.append((gold, found, why))
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
            f"{sum(r[1] for r in rows)} of all {len(rows)}, the nulls kept among them."
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
