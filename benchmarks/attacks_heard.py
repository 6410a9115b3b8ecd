"""Listening to answers: does what is said, or how much is worked, tell more of sealed rows than the verdict?

It is tried by interference: everything that was said in a conversation is compared with the same conversation on other
sealed rows. Up to the first verdict that differs both must be the same to the letter, and take as many draws: no clock
is asked. Rows on which a claim cannot be tested at all (a column without a value) take none, which tells that, and
nothing of how columns relate.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from heldout.agent import sealing
from heldout.agent.thread import thread
from heldout.tools.data.split import SealedSplit
from heldout.tools.errors import HeldoutError
from heldout.tools.verify import permutation, shuffling

IDEAS = (
    "y increases with x", "y higher for group=a", "done=yes more often for group=b", "x decreases with z",
    "y ~ group", "z higher for rare=seldom", "nosuch increases with x", "y increases with y", "done=perhaps more often",
    "mean y higher for group=c where z >= 1.5", "y increases with x where group=b",
)  # fmt: skip
CHANGES = (
    "{c} = (SELECT avg({c}) FROM {t})", "{c} = NULL", "{c} = -{c}", "{c} = {c} * 1000 + 7",
    "{c} = CASE WHEN _rowid % 9 = 0 THEN {c} ELSE NULL END",
)  # fmt: skip


def listen(rng: np.random.Generator, folder: Path) -> str | None:
    """One conversation on two sets of sealed rows: what is said, counted and worked may not differ before a verdict."""
    n = int(rng.integers(420, 520))
    x = rng.normal(0, 1, n)
    frame = pd.DataFrame(
        {
            "x": x.round(3), "y": (x * rng.choice([0.0, 0.15, 1.0]) + rng.normal(0, 1, n)).round(3),
            "z": rng.normal(0, 1, n).round(3), "group": rng.choice(["a", "b", "c"], n),
            "rare": np.where(rng.random(n) < 0.06, "seldom", "often"), "done": rng.choice(["yes", "no"], n),
        }
    )  # fmt: skip
    asked = [str(q) for q in rng.choice(IDEAS, 5, replace=False)]
    seed = int(rng.integers(0, 2**31))
    heard = [_conversation(frame, asked, folder / str(k), seed if k else None) for k in range(2)]
    for one, two in zip(*heard, strict=True):
        if one[1] != two[1]:
            return None  # a verdict that differs may be followed by anything
        if one[:3] != two[:3] or (one[3] != two[3] and one[3] and two[3]):
            return f"{one[3]} draws beside {two[3]}: {one} beside {two}"
    return None


def _conversation(frame: pd.DataFrame, asked: list[str], folder: Path, seed: int | None) -> list[tuple[object, ...]]:
    """For each question what was said, the verdict, how the thread stands, and how many draws it took."""
    folder.mkdir()
    out: list[tuple[object, ...]] = []
    with _rows_changed(seed), _draws() as drawn, thread(frame, name="t", ledger=folder / "l") as talk:
        for question in asked:
            del drawn[:]
            try:
                reply = talk.ask_claim(question)
                out.append((reply._replace(verified=None), reply.verified, talk.remaining(), sum(drawn)))
            except HeldoutError as err:
                said = f"{type(err).__name__}: {err}".replace(str(folder), "")
                out.append((said, None, talk.remaining(), sum(drawn)))
    return out


@contextmanager
def _draws() -> Iterator[list[int]]:
    """How many draws every test of a permutation takes: what an answer works, whatever the machine."""
    drawn: list[int] = []
    places = [(m, m.staged_p) for m in (permutation, shuffling)]
    for module, real in places:
        module.staged_p = _counting(real, drawn)  # pyright: ignore[reportPrivateImportUsage]
    try:
        yield drawn
    finally:
        for module, real in places:
            module.staged_p = real  # pyright: ignore[reportPrivateImportUsage]


def _counting(real: Callable[..., float], drawn: list[int]) -> Callable[..., float]:
    def staged_p(hits_of: Callable[[int], int], draws: int) -> float:
        def counted(count: int) -> int:
            drawn.append(count)
            return hits_of(count)

        return real(counted, draws)

    return staged_p


@contextmanager
def _rows_changed(seed: int | None) -> Iterator[None]:
    """Every sealed row is another one than the table holds, from the moment it was sealed."""
    real = sealing.seal

    def changed(*given: object, **options: object) -> SealedSplit:
        split = real(*given, **options)  # pyright: ignore[reportArgumentType]
        if seed is not None:
            _change(split, np.random.default_rng(seed))
        return split

    sealing.seal = changed  # pyright: ignore[reportPrivateImportUsage]
    try:
        yield
    finally:
        sealing.seal = real  # pyright: ignore[reportPrivateImportUsage]


def _change(split: SealedSplit, rng: np.random.Generator) -> None:
    numbers = [at for at, c in enumerate(split.columns.values()) if c.type == "number"]
    with duckdb.connect(str(split.sealed_file)) as connection:
        for vault in split.plan.vaults:
            table = f"vault_{vault.number}"
            for at in numbers:
                how = str(rng.choice(CHANGES)).format(c=f"c{at}", t=table).replace("_rowid", "rowid")
                connection.execute(f"UPDATE {table} SET {how.replace('NULL', chr(39) + 'nan' + chr(39) + '::DOUBLE')}")
            labels = [at for at in range(len(split.columns)) if at not in numbers]
            connection.execute(f"UPDATE {table} SET c{int(rng.choice(labels))} = {int(rng.integers(-1, 2))}")
