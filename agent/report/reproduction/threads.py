"""A thread of questions read again from the ledger: what each claim had to meet, by its place and the answers before.

Knows the ledger's entries. Must never take a figure from the report, nor a level from the ledger unchecked.
"""

from collections.abc import Iterator
from math import comb
from typing import Any

import numpy as np

from .base import Found
from .ledger import canonical, sha

MOST_QUESTIONS = 50


def thread_commit(entries: list[Found], number: int) -> Found | None:
    """What a thread on this vault committed, in the shape of a batch; None where the vault was a batch's."""
    own = [e for e in entries if e["body"].get("number") == number]
    begun = [at for at, e in enumerate(own) if e["kind"] in ("commit", "thread_open")]
    if not begun or own[begun[-1]]["kind"] == "commit":
        return None
    opened, steps = own[begun[-1]]["body"], own[begun[-1] + 1 :]
    claims = [e["body"] for e in steps if e["kind"] == "thread_claim"]
    hypotheses = [c["hypothesis"] for c in claims]
    return opened | {
        "hypotheses": hypotheses,
        "batch": sha(canonical([sorted(claim_id(h) for h in hypotheses), opened["rule"]])),
        "claims": claims,
        "told": [e["body"]["verified"] for e in steps if e["kind"] == "thread_verdict"],
        "kinds": [e["kind"] for e in steps],
        "counted": found_outside(entries, number),
    }


def claim_id(hypothesis: Found) -> str:
    """The id of a claim: the head of the digest of its canonical text."""
    return sha(canonical(hypothesis))[:12]


def found_outside(entries: list[Found], number: int) -> list[int]:
    """For each claim of the thread the discoveries elsewhere that were known when it was committed."""
    found: dict[int, int] = {}
    out: list[int] = []
    for entry in entries:
        kind, body = entry["kind"], entry["body"]
        if kind == "seal" and "lineage" in body:  # made on the same vaults under an earlier name of the data
            found[0] = body["lineage"]["earlier"]
        elif kind in ("commit", "thread_open"):
            found[body["number"]] = 0
            out = [] if body["number"] == number else out
        elif kind == "thread_verdict":
            found[body["number"]] += body["verified"]
        elif kind == "reveal":
            found[body["number"]] = sum(outcome == "verified" for outcome in body["outcomes"].values())
        elif kind == "thread_claim" and body["number"] == number:
            out.append(sum(n for vault, n in found.items() if vault != number))
    return out


def part(asked: int, verified: int) -> float:
    """The share of a thread's budget that belongs to one history of answers."""
    harmonic = sum(1 / t for t in range(MOST_QUESTIONS, 0, -1))
    return 1 / (harmonic * (asked + 1) * (asked + 1) * comb(asked, verified))


def thread_units(commit: Found) -> list[tuple[float, float]]:
    """For each claim in order: the p-value that a unit of q buys, and its part of the thread's budget."""
    out = []
    for at, counted in enumerate(commit["counted"]):
        before = sum(commit["told"][:at])
        own = part(at, before)
        unit = commit["weight"] * own
        out.append((min(1.0, unit * (counted + before + 1)) if commit["rule"]["control"] == "fdr" else unit, own))
    return out


def thread_faults(report: Found, commit: Found) -> Iterator[str]:
    """Where the ledger's thread does not follow from its own rule, or its answers are not the report's."""
    claims, told, outcomes = commit["claims"], commit["told"], {f["id"]: f["outcome"] for f in report["findings"]}
    if commit["kinds"] != ["thread_claim", "thread_verdict"] * len(claims) + ["reveal"]:
        yield "ledger: the questions were not committed, answered and revealed in this order"
    for claim, counted, (unit, _) in zip(claims, commit["counted"], thread_units(commit), strict=True):
        own = commit["rule"]["alpha"] * unit
        if claim["earlier"] != counted or abs(own - claim["level"]) > 1e-12 * own:
            yield f"ledger: the level of question {claim['question']} does not follow from what was known before it"
    for claim, answer in zip(claims, told, strict=False):
        if (outcomes.get(claim_id(claim["hypothesis"])) == "verified") != answer:
            yield f"ledger: question {claim['question']} was answered otherwise than the report says"


def thread_control(ids: list[str], p: Any, commit: Found) -> tuple[Any, Any, Any, Any]:
    """For each claim: adjusted p, whether it is verified, its level, and its part of the budget."""
    order = [claim_id(c["hypothesis"]) for c in commit["claims"]]
    at = [order.index(one) for one in ids]
    units = np.array(thread_units(commit)).reshape(-1, 2)[at]
    level = np.array([c["level"] for c in commit["claims"]])[at]
    return np.minimum(1, p / units[:, 0]), p <= level, level, units[:, 1]
