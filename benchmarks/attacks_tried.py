"""Attacks that must never get through: forged receipts and figures, edits, roll-backs, re-salting, side channels.

Each try is drawn from a seed and says what got through, or nothing. Listening to answers is in `attacks_heard.py`.
"""

import itertools
import json
import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.attacks_heard import listen
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.split import Plan, VaultPlan, seal
from heldout.tools.errors import HypothesisError, LedgerError, SealBroken, TamperedLedger
from heldout.tools.explore.dependence import upper_share
from heldout.tools.value import canonical_json, digest
from heldout.tools.verify import ledger as book_module
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import Receipt, check_receipt, commit, record_open, record_reveal, sessions

DATA = "d" * 64
PLAN = Plan(
    kind="row", key=None, salt="5a17", reason="Rows stand for themselves.", units=2_000, rows=2_000,
    exploration_rows=1_000, exploration_share=0.5,
    vaults=tuple(VaultPlan(number=n, rows=r, units=r, weight=w) for n, r, w in ((1, 600, 0.6), (2, 200, 0.2),
                                                                               (3, 200, 0.2))),
)  # fmt: skip
NAMES = tuple(f"x{j}" for j in range(8))
_AT_ONCE = 25
_MEMORY = Path("/dev/shm")  # ledgers wait for the disk at every line


class Count(NamedTuple):
    """What came of one kind of attack."""

    name: str
    tries: int
    through: int
    said: tuple[str, ...] = ()
    """What got through, the first three."""


Try = Callable[[np.random.Generator, Path], str | None]


def _claim(rng: np.random.Generator) -> Hypothesis:
    a, b = rng.choice(NAMES, 2, replace=False)
    way = "increasing" if rng.random() < 0.5 else "decreasing"
    return parse({"family": "monotone_association", "outcome": str(a), "predictor": str(b), "direction": way})


def _claims(rng: np.random.Generator, most: int = 6) -> list[Hypothesis]:
    found = {h.content_id(): h for h in (_claim(rng) for _ in range(int(rng.integers(2, most))))}
    return list(found.values())


def _history(rng: np.random.Generator, path: Path) -> tuple[Ledger, Receipt, list[Hypothesis]]:
    """A ledger with one or two batches, all but the last revealed, and the receipt of the last."""
    book = Ledger(path)
    record_seal(book, DATA, PLAN)
    for batch in itertools.count():
        claims = _claims(rng)
        receipt = commit(book, DATA, PLAN, claims, make_rule(), request=f"{batch}")
        if batch == 1 or rng.random() < 0.4:
            return book, receipt, claims
        record_open(book, receipt)
        record_reveal(book, receipt, {h.content_id(): str(rng.choice(["verified", "refuted"])) for h in claims})
    raise AssertionError


def _opens(book: Ledger, receipt: Receipt, claims: list[Hypothesis]) -> bool:
    try:
        check_receipt(book, receipt, claims)
    except SealBroken:
        return False
    return True


def forge_receipt(rng: np.random.Generator, folder: Path) -> str | None:
    """A receipt that was altered in one to three fields."""
    book, receipt, claims = _history(rng, folder / "l")
    forged: dict[str, Any] = {
        "dataset": "e" * 64, "session": int(rng.integers(1, 4)), "vault": int(rng.integers(1, 4)),
        "weight": float(rng.choice([0.2, 0.6, 1.0])), "earlier": int(rng.integers(0, 60)),
        "batch": digest(str(rng.random())), "head": book.entries()[int(rng.integers(0, 2))].hash,
        "hypothesis_ids": receipt.hypothesis_ids[:1],
    }  # fmt: skip
    for name in rng.choice(list(forged), int(rng.integers(1, 4)), replace=False):
        receipt = receipt.model_copy(update={str(name): forged[str(name)]})
    given = claims[:1] if len(receipt.hypothesis_ids) == 1 else claims
    true = sessions(book, DATA)[-1]
    same = receipt.dataset == DATA and (receipt.session, receipt.vault, receipt.weight, receipt.earlier) == (
        true.number, true.vault, true.weight, true.earlier
    ) and receipt.batch == true.batch and len(receipt.hypothesis_ids) == len(claims)  # fmt: skip
    same = same and receipt.head == book.entries()[-1].hash
    return None if same or not _opens(book, receipt, given) else f"a forged receipt opens: {receipt}"


FORGED: dict[str, Any] = {
    "p_value": 1e-9, "verified": True, "outcome_of_test": "verified", "threshold": 1.0, "smallest_effect": 0.0,
    "alpha": 0.9, "weight": 1.0, "seed": 7, "draws": 1, "earlier": 500, "split": "exploration", "id": "0" * 12,
    "evidence": {"p_value": 0.0}, "level": 1.0, "null": 0.5,
}  # fmt: skip


def forge_figure(rng: np.random.Generator, folder: Path) -> str | None:
    """A claim that brings figures of its own, a level or a verdict."""
    del folder
    claim = _claim(rng)
    chosen = [str(n) for n in rng.choice(list(FORGED), int(rng.integers(1, 4)), replace=False)]
    try:
        read = parse(claim.as_json() | {n: FORGED[n] for n in chosen})
    except HypothesisError:
        return None
    return None if read.content_id() == claim.content_id() else f"{chosen} were taken into a claim"


def edit_claims(rng: np.random.Generator, folder: Path) -> str | None:
    """Other claims than were committed: turned round, narrowed, left out, given twice, added."""
    book, receipt, claims = _history(rng, folder / "l")
    at, kind = int(rng.integers(0, len(claims))), int(rng.integers(0, 6))
    one = claims[at].as_json()
    turned = {"increasing": "decreasing", "decreasing": "increasing"}
    condition = [{"column": "x7", "op": ">=", "value": float(rng.normal())}]
    new = {
        0: lambda: [parse(one | {"direction": turned[str(one["direction"])]})],
        1: lambda: [parse(one | {"where": condition})],
        2: list,
        3: lambda: [claims[at], claims[at]],
        4: lambda: [claims[at], parse(one | {"where": condition})],
        5: lambda: [parse(one | {"predictor": "y"})],
    }[kind]()
    other = [*claims[:at], *new, *claims[at + 1 :]]
    return f"edit {kind} opens" if _opens(book, receipt, other) else None


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(v, (*path, k))]
    if isinstance(value, list):
        return [leaf for k, v in enumerate(value) for leaf in _leaves(v, (*path, k))]
    return [path]


def _other(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + int(rng.integers(1, 9))
    if value == "refuted":
        return "verified"
    return f"{value}x" if isinstance(value, str) else 1


def edit_ledger(rng: np.random.Generator, folder: Path) -> str | None:
    """One value of one entry; in half of the tries with the entry's own hash and stamp made to fit."""
    book, *_ = _history(rng, folder / "l")
    lines = book.path.read_bytes().splitlines()
    at = int(rng.integers(0, len(lines) - 1))
    entry = json.loads(lines[at])
    _alter(entry, rng)
    if rng.random() < 0.5:
        before = json.loads(lines[at - 1]) if at else {"hash": "0" * 64, "stamp": "0" * 64}
        _fit(entry, before)
    lines[at] = canonical_json(entry).encode()
    book.path.write_bytes(b"\n".join(lines) + b"\n")
    return _accepted(book.path, "an edited ledger is read")


def rewrite_ledger(rng: np.random.Generator, folder: Path) -> str | None:
    """One value of one entry, and every hash and stamp from there to the end made to fit."""
    book, *_ = _history(rng, folder / "l")
    entries = [json.loads(line) for line in book.path.read_bytes().splitlines()]
    at = int(rng.integers(0, len(entries)))
    _alter(entries[at], rng)
    before = entries[at - 1] if at else {"hash": "0" * 64, "stamp": "0" * 64}
    for entry in entries[at:]:
        _fit(entry, before)
        before = entry
    book.path.write_bytes("".join(canonical_json(e) + "\n" for e in entries).encode())
    return _accepted(book.path, "a ledger that was written anew is read")


def _alter(entry: dict[str, Any], rng: np.random.Generator) -> None:
    leaves = _leaves(entry["body"])
    place = leaves[int(rng.integers(0, len(leaves)))]
    inside = entry["body"]
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = _other(inside[place[-1]], rng)


def _fit(entry: dict[str, Any], before: dict[str, Any]) -> None:
    entry["hash"] = book_module._hash(before["hash"], entry["kind"], entry["dataset"], entry["body"])
    entry["stamp"] = digest(before["stamp"] + entry["hash"] + entry["time"])


def roll_back(rng: np.random.Generator, folder: Path) -> str | None:
    """The file as it was some entries ago, no file at all, or another history from an earlier entry on."""
    book, *_ = _history(rng, folder / "l")
    lines = book.path.read_bytes().splitlines(keepends=True)
    kept = int(rng.integers(0, len(lines)))
    book.path.write_bytes(b"".join(lines[:kept]))
    if kept == 0 and rng.random() < 0.5:
        book.path.unlink()
    elif kept and rng.random() < 0.4:
        other = Ledger(folder / "other")
        other.path.write_bytes(b"".join(lines[:kept]))
        for _ in range(len(lines) - kept):
            commit(other, DATA, PLAN, _claims(rng), make_rule(), request=str(rng.random()))
        book.path.write_bytes(other.path.read_bytes())
    return _accepted(book.path, f"a ledger cut back to {kept} of {len(lines)} entries is read")


def _accepted(path: Path, said: str) -> str | None:
    try:
        Ledger(path).entries()
    except TamperedLedger:
        return None
    return said


# --- the same data once more


def salt_anew(rng: np.random.Generator, folder: Path) -> str | None:
    """The same table in another order, file, name or sealing: the same seal, or a refusal."""
    n = int(rng.integers(210, 320))
    frame = pd.DataFrame(
        {
            "who": rng.integers(0, 60, n), "x": rng.normal(0, 1, n).round(3), "day": np.arange(n),
            "group": rng.choice(["a", "b", "c"], n), "done": rng.choice(["yes", "no"], n),
        }
    )  # fmt: skip
    book = Ledger(folder / "l")
    first, known = _sealed(frame, folder, "table", {})
    record_seal(book, first, known)
    other = frame.sample(frac=1, random_state=int(rng.integers(1, 99_999)))[list(rng.permutation(frame.columns))]
    how = str(rng.choice(["csv", "tsv", "parquet", "json", "xlsx", "frame"]))
    name = f"copy {rng.integers(1, 99)}"
    source: Any = other.reset_index(drop=True) if how == "frame" else _written(other, folder / f"{name}.{how}", how)
    options = [{}, {"one_shot": True}, {"entity": "who"}, {"time": "day"}, {"entity": "group"}]
    option: dict[str, Any] = options[int(rng.integers(0, len(options)))]
    dataset, plan = _sealed(source, folder, name, option)
    if dataset != first:
        return f"as {how} the same data have another ledger"
    try:
        kept = record_seal(book, dataset, plan)
    except LedgerError:
        return None if option else f"as {how} the same sealing is refused"
    return None if kept == known and kept.salt == plan.salt else f"sealed anew by {option}"


def _sealed(source: Any, folder: Path, name: str, option: dict[str, Any]) -> tuple[str, Plan]:
    with open_dataset(source, name=name) as data:
        return data.fingerprint, seal(data, folder, **option).plan


def _written(frame: pd.DataFrame, path: Path, how: str) -> Path:
    if how in ("csv", "tsv"):
        frame.to_csv(path, index=False, sep="," if how == "csv" else "\t")
    elif how == "json":
        frame.to_json(path, orient="records", lines=True)
    elif how == "xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return path


ATTACKS: dict[str, Try] = {
    "a receipt is forged": forge_receipt, "a claim brings its own figures": forge_figure,
    "claims are changed after commit": edit_claims, "an entry of the ledger is edited": edit_ledger,
    "the ledger is written anew from an entry on": rewrite_ledger, "the ledger is rolled back": roll_back,
    "the data are sealed anew": salt_anew, "answers are listened to": listen,
}  # fmt: skip


def count(name: str, tries: int, seed: int, first: int = 0) -> Count:
    """One attack, so often; a try depends on the seed and its own number alone."""
    place = str(_MEMORY) if _MEMORY.is_dir() else None
    said = []
    for at in range(first, first + tries):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            told = ATTACKS[name](np.random.default_rng([seed, at]), Path(folder))
        if told is not None:
            said.append(f"{at}: {told}")
    return Count(name, tries, len(said), tuple(said[:3]))


def counts(tries: int, seed: int, processes: int = 1) -> list[Count]:
    """Every attack, so often."""
    parts = [(name, min(_AT_ONCE, tries - at), seed, at) for name in ATTACKS for at in range(0, tries, _AT_ONCE)]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(count, *zip(*parts, strict=True)))
    return [_together(name, [c for c in done if c.name == name]) for name in ATTACKS]


def _together(name: str, parts: list[Count]) -> Count:
    said = [text for c in parts for text in c.said]
    return Count(name, sum(c.tries for c in parts), sum(c.through for c in parts), tuple(said[:3]))


def page(found: list[Count]) -> str:
    """The table for docs/evidence.md."""
    lines = ["| attack | tries | got through | upper 95 % bound |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {c.name} | {c.tries:,} | {c.through} | {upper_share(c.through, c.tries):.4f} |" for c in found]
    return "\n".join([*lines, "", *(f"Got through: {c.name}, try {text[:300]}" for c in found for text in c.said)])
