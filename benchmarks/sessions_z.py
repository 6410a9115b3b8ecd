"""Ten sessions in z-space, many data sets at once: a claim is its effect and its noise in ten tenths of the rows.

All procedures have the same rows: tenths are put together to one held-out set, to vaults of .6, .2 and .2, or are ten
vaults. All numbers of a session are shown before the next one is chosen.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks.sessions_judges import QUESTIONS, SESSIONS, Arm, Array, Bools, Seen

TENTHS = 10
HELD_OUT = 3_000
FEATURES = 40
"""Kinds of noise that the adversary's claims are mixtures of."""
EFFECTS = (0.03, 0.25)
"""Range of the true correlations."""


class World:
    """The claims that were asked so far in every repetition, and what was shown of them."""

    def __init__(self, share: float, reps: int, seed: int) -> None:
        # Effects have a stream of their own: the fixed list is then the same for every procedure.
        self.share, self.reps = share, reps
        self.truth, self.rng = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
        self.effect, self.noise = np.zeros((reps, 0)), np.zeros((TENTHS, reps, 0))
        self.z, self.verified = np.zeros((reps, 0)), np.zeros((reps, 0), bool)
        self.features = self.rng.standard_normal((TENTHS, reps, FEATURES))
        self.mixtures = np.zeros((reps, 0, FEATURES))
        """Of the adversary's claims: which kinds of noise they are of, shape (reps, claims, features)."""

    def fresh(self, count: int) -> tuple[Array, Array]:
        """New ideas, a share of them true; five at a time share half of their noise."""
        shape = (self.reps, count)
        true = self.truth.random(shape) < self.share
        own, shared = self.rng.standard_normal((TENTHS, *shape)), self.rng.standard_normal((TENTHS, self.reps, count))
        noise = np.sqrt(0.5) * (own + shared[:, :, np.arange(count) // 5 * 5])
        return self.truth.uniform(*EFFECTS, shape) * true, noise

    def near(self, at: NDArray[np.intp], kept: float) -> tuple[Array, Array]:
        """Claims whose noise goes with that of asked ones, which lie at `at`, shape (reps, k)."""
        own = self.rng.standard_normal((TENTHS, *at.shape))
        rows = np.arange(self.reps)[:, None]
        return self.effect[rows, at], kept * self.noise[:, rows, at] + np.sqrt(1 - kept**2) * own

    def best_failed(self, count: int) -> NDArray[np.intp]:
        """Where the five claims lie that were not verified and look best, in turn, shape (reps, count)."""
        looks = np.where(self.verified, -1.0, np.abs(self.z))
        return np.argsort(-looks, axis=1, kind="stable")[:, :5][:, np.arange(count) % 5]

    def ask(self, effect: Array, noise: Array, tenths: range, judge: Callable[[Array], Bools]) -> None:
        """Test claims on some tenths of the rows; their z-values are known from then on."""
        z = effect * np.sqrt(HELD_OUT * len(tenths) / TENTHS) + noise[tenths].sum(0) / np.sqrt(len(tenths))
        verified = judge(np.where(z > 0, 2 * ndtr(-z), 1.0))
        self.effect, self.noise = np.hstack([self.effect, effect]), np.concatenate([self.noise, noise], axis=2)
        self.z, self.verified = np.hstack([self.z, z]), np.hstack([self.verified, verified])

    def seen(self) -> Seen:
        """What became of each repetition."""
        true = self.effect > 0
        return Seen(self.verified.sum(1), (self.verified & ~true).sum(1), true.sum(1))


def fixed(world: World, session: int, sessions: int) -> tuple[Array, Array]:
    """A list that was made beforehand."""
    del session, sessions
    return world.fresh(QUESTIONS)


def follow(world: World, session: int, sessions: int) -> tuple[Array, Array]:
    """An honest person: follow-ups on what was verified, other measures of what nearly was, new ideas."""
    effect, noise = world.fresh(QUESTIONS)
    if not session:
        return effect, noise
    u = world.rng.random(effect.shape)
    asked = world.z.shape[1]
    any_found = world.verified.any(1)[:, None]
    picks = world.rng.random((world.reps, QUESTIONS, asked)) * world.verified[:, None, :]
    parent, related = world.near(picks.argmax(2), 0.5)
    kept = (world.rng.random(effect.shape) < 0.6) * world.rng.uniform(0.5, 1, effect.shape)
    effect, noise = _where((u < 0.4) & any_found, (np.maximum(parent, 0) * kept, related), (effect, noise))
    retried, near = world.near(world.best_failed(QUESTIONS), 0.9)
    return _where((u >= 0.4) & (u < 0.75), (retried, near), (effect, noise))


def fork(world: World, session: int, sessions: int) -> tuple[Array, Array]:
    """Seven in ten questions are near-copies of the best claims that failed, turned to the side they fell on."""
    effect, noise = world.fresh(QUESTIONS)
    if not session:
        return effect, noise
    at = world.best_failed(QUESTIONS)
    copied, near = world.near(at, 0.9)
    sign = np.where(world.z[np.arange(world.reps)[:, None], at] < 0, -1.0, 1.0)
    return _where(world.rng.random(effect.shape) < 0.7, (0.9 * sign * copied, sign * near), (effect, noise))


def regress(world: World, session: int, sessions: int) -> tuple[Array, Array]:
    """Probes at first; then mixtures of what is false that lie along the noise, regressed out of the numbers shown."""
    effect, noise = world.fresh(QUESTIONS)
    if session < probing(sessions):
        mixture = world.rng.standard_normal((world.reps, QUESTIONS, FEATURES))
        true = effect > 0
        mixture = np.where(true[:, :, None], 0.0, mixture / np.linalg.norm(mixture, axis=2, keepdims=True))
    else:
        a = world.mixtures
        square = a.transpose(0, 2, 1) @ a + 1e-3 * np.eye(FEATURES)
        believed = np.linalg.solve(square, (a * world.z[:, :, None]).sum(1)[:, :, None])[:, :, 0]
        mixture = believed[:, None, :] * (world.rng.random((world.reps, QUESTIONS, FEATURES)) < 0.8)
        mixture /= np.maximum(np.linalg.norm(mixture, axis=2, keepdims=True), 1e-12)
        true = np.zeros(effect.shape, bool)
    world.mixtures = np.concatenate([world.mixtures, mixture], axis=1)
    mixed = np.einsum("rqf,trf->trq", mixture, world.features)
    return np.where(true, effect, 0.0), np.where(true, noise, mixed)


def probing(sessions: int) -> int:
    """How many of so many sessions the adversary spends on probes."""
    return max(1, round(0.4 * sessions))


def _where(here: Bools, one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    return np.where(here, one[0], other[0]), np.where(here, one[1], other[1])


ANALYSTS: dict[str, Callable[[World, int, int], tuple[Array, Array]]] = {
    "fixed list": fixed, "honest follow-ups": follow, "forking paths": fork, "regresses the noise": regress,
}  # fmt: skip


def tenths_of(arm: Arm, session: int) -> range:
    """The tenths of the held-out rows that a session is tested on."""
    if not arm.weights:
        return range(TENTHS)
    ends = np.rint(np.cumsum([0, *arm.weights]) * TENTHS).astype(int)
    return range(int(ends[session]), int(ends[session + 1]))


def play(arm: Arm, analyst: str, share: float, reps: int, seed: int) -> Seen:
    """So many data sets, each with all the sessions that the procedure answers."""
    world, judge = World(share, reps, seed), arm.make(reps)
    sessions = min(arm.asked, SESSIONS)
    for session in range(sessions):
        effect, noise = ANALYSTS[analyst](world, session, sessions)
        weight = arm.weights[session] if arm.weights else 1.0
        world.ask(effect, noise, tenths_of(arm, session), lambda p, weight=weight: judge.session(p, weight))
    return world.seen()
