"""The ledger read again: its chain of hashes, and what was committed before the rows were opened.

Knows the entries and the report's word on them. Must never know a figure.
"""

import hashlib
import json
from collections.abc import Iterator

from .base import Found


def canonical(value: object) -> str:
    """JSON text with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha(text: str) -> str:
    """The sha256 of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chain_faults(entries: list[Found]) -> Iterator[str]:
    """Entries of the ledger that do not follow from those before them."""
    head = stamp = "0" * 64
    whole = [e["index"] for e in entries] == list(range(len(entries)))  # else other data sets stand between
    for entry in entries:
        head = sha(canonical([head, entry["kind"], entry["dataset"], entry["body"]]))
        stamp = sha(stamp + head + entry["time"])
        stamp = sha(stamp + entry["beside"]) if "beside" in entry else stamp
        if entry["hash"] != head or (whole and entry["stamp"] != stamp):
            yield f"ledger: entry {entry['index']} does not match its hash"


def commitment_faults(report: Found, entries: list[Found], commit: Found) -> Iterator[str]:
    """Where report and ledger tell different things about what was committed, when, and what became of it."""
    number, findings = commit["number"], report["findings"]
    if sorted(map(canonical, commit["hypotheses"])) != sorted(canonical(f["hypothesis"]) for f in findings):
        yield "commitment: the claims of the report are not those committed"
    ids = sorted(sha(canonical(h))[:12] for h in commit["hypotheses"])
    if commit["batch"] != sha(canonical([ids, commit["rule"]])):
        yield "commitment: its claims and rule do not match its digest"
    kinds = [e["kind"] for e in entries if e["body"].get("number") == number]
    batch = [kind for kind in kinds if kind != "thread_open"]  # a thread that never asked gives way to a batch
    while batch[-2:] == ["reveal", "reveal"]:  # claims whose labels came late are told once more
        batch.pop()
    if "claims" not in commit and (batch[-2:] != ["open", "reveal"] or set(batch[:-2]) != {"commit"}):
        yield "ledger: the batch was not committed, opened and revealed in this order"
    told = [e["body"]["outcomes"] for e in entries if e["kind"] == "reveal" and e["body"]["number"] == number]
    if [{f["id"]: f["outcome"] for f in findings}] != told[-1:]:
        yield "ledger: the outcomes of the report are not those revealed"
    if entries[-1]["hash"] != report["ledger"]["head"]:
        yield "ledger: its last entry is not the head that the report names"
    rule = {k: report["policy"][k] for k in commit["rule"]}
    if rule != commit["rule"]:
        yield "commitment: the policy of the report is not the rule committed"
