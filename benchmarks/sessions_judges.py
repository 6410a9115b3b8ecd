"""Ways to control errors over ten sessions of fifteen questions: ours, and what else is on offer.

Every way sees the p-values of one session at a time, in many repetitions at once, and says which are rejected. Ours are
the functions of the code. LOND, LORD++ and SAFFRON are those of the package `online-fdr` with its defaults.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from heldout.tools.verify.multiplicity import benjamini_hochberg, holm, session_lond

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Q = 0.05
SESSIONS, QUESTIONS = 10, 15
ASKED = SESSIONS * QUESTIONS
HINT = "LOND, LORD++ and SAFFRON come from a package: pip install online-fdr"


class Judge(Protocol):
    """Error control over the sessions of one data set, in many repetitions at once."""

    def session(self, p: Array, weight: float) -> Bools:
        """Which p-values are rejected, shape (reps, k), on rows with this share of the budget."""
        ...


class Batches:
    """Session-LOND or, under strict control, Holm: the functions that the product judges its batches by."""

    def __init__(self, reps: int, *, strict: bool = False) -> None:
        self.found, self.strict = np.zeros(reps, np.int64), strict

    def session(self, p: Array, weight: float) -> Bools:
        """Rejections, each repetition with its own discoveries so far."""
        if self.strict:
            out = np.array([holm(row, weight=weight, alpha=Q).rejected for row in p])
        else:
            pairs = zip(p, self.found, strict=True)
            out = np.array([session_lond(row, weight=weight, q=Q, earlier=int(r)).rejected for row, r in pairs])
        self.found += out.sum(1)
        return out


class Online:
    """A procedure of `online-fdr`: one object a repetition, one p-value after the other."""

    def __init__(self, reps: int, make: Callable) -> None:
        self.each = [make() for _ in range(reps)]

    def session(self, p: Array, weight: float) -> Bools:
        """Rejections in the order of the questions; all sessions have the same rows and one stream."""
        del weight
        rows = zip(self.each, p.tolist(), strict=True)
        return np.array([[bool(one.test_one(value)) for value in row] for one, row in rows])


class Plain:
    """A rule that forgets everything between sessions."""

    def __init__(self, reps: int, rule: Callable[[Array], Bools]) -> None:
        del reps
        self.rule = rule

    def session(self, p: Array, weight: float) -> Bools:
        """Rejections of each repetition by the rule alone."""
        del weight
        return np.array([self.rule(row) for row in p])


class Arm(NamedTuple):
    """A procedure with the rows that it is given."""

    name: str
    weights: tuple[float, ...]
    """The vaults' shares of rows and budget, one vault a session; empty: all held-out rows in every session."""
    make: Callable[[int], Judge]

    @property
    def ours(self) -> bool:
        """Whether it is promised to hold."""
        return self.name.startswith("ours")

    @property
    def strict(self) -> bool:
        """Whether the chance of any false finding is bounded."""
        return self.name.endswith("strict")

    @property
    def asked(self) -> int:
        """Sessions that are answered; the others are refused for want of a vault."""
        return min(len(self.weights), SESSIONS) if self.weights else SESSIONS


PRODUCT, TEN = (0.6, 0.2, 0.2), (0.1,) * SESSIONS


def streams() -> dict[str, Callable[[int], Judge]]:
    """LOND, LORD++ and SAFFRON.

    Raises:
        SystemExit: where `online-fdr` is not installed, with the way out.
    """
    try:
        from online_fdr.p_values import Lond, LordPlusPlus, Saffron
    except ImportError as e:
        raise SystemExit(HINT) from e

    def online(make: Callable) -> Callable[[int], Judge]:
        return lambda reps: Online(reps, make)

    return {
        "LOND": online(lambda: Lond(Q)), "LORD++": online(lambda: LordPlusPlus(Q, Q / 2)),
        "SAFFRON": online(lambda: Saffron(Q, Q / 2, 0.5)),
    }  # fmt: skip


def fresh() -> tuple[Arm, ...]:
    """The same on our vaults: what is the vaults' merit, and what is session-LOND's?"""
    vaults = {"three": PRODUCT, "ten": TEN}
    return tuple(
        Arm(f"{name}, {count} vaults", weights, make)
        for count, weights in vaults.items()
        for name, make in streams().items()
    )


def arms() -> tuple[Arm, ...]:
    """Every procedure of the comparison: ours on fresh vaults, the others on rows that are never renewed.

    Raises:
        SystemExit: where `online-fdr` is not installed, with the way out.
    """

    def plain(rule: Callable[[Array], Bools]) -> Callable[[int], Judge]:
        return lambda reps: Plain(reps, rule)

    return (
        Arm("ours, three vaults", PRODUCT, Batches),
        Arm("ours, ten vaults", TEN, Batches),
        Arm("ours, three vaults, strict", PRODUCT, lambda reps: Batches(reps, strict=True)),
        Arm("ours, ten vaults, strict", TEN, lambda reps: Batches(reps, strict=True)),
        *(Arm(name, (), make) for name, make in streams().items()),
        Arm("BH in each session", (), plain(lambda p: benjamini_hochberg(p, Q))),
        Arm("Bonferroni", (), plain(lambda p: p <= Q / ASKED)),
        Arm("none", (), plain(lambda p: p <= Q)),
    )


class Seen(NamedTuple):
    """What became of each repetition, shape (reps,)."""

    found: NDArray[np.int64]
    false: NDArray[np.int64]
    true: NDArray[np.int64]
    """True claims that were asked and answered."""

    @property
    def share(self) -> Array:
        """Share of false claims among what was found."""
        return self.false / np.maximum(self.found, 1)

    @property
    def power(self) -> float | None:
        """Share of the true claims asked that were found; None where none was."""
        return float((self.found - self.false).sum() / self.true.sum()) if self.true.sum() else None
