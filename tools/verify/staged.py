"""How many draws a permutation test takes: in stages, so that what is plainly no effect costs little.

Knows counts of draws and hits. Must never know a statistic, a row, or what is drawn.

Where an answer is yes or no, how long it took would tell more than the answer: few draws say that p is large. So such
answers are computed by `even_work`, under which every test takes all of its draws, whatever came of the first ones. The
p is the same to the last digit: what is drawn beyond its stage is thrown away.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

STAGES = (199, 1_999)
"""After so many draws it is looked whether enough were extreme; the last stage is what was asked for."""
ENOUGH_HITS = 20
_EVEN: ContextVar[bool] = ContextVar("even", default=False)


@contextmanager
def even_work() -> Iterator[None]:
    """Within it every test takes as many draws, so that the time it takes says nothing of its p."""
    before = _EVEN.set(True)
    try:
        yield
    finally:
        _EVEN.reset(before)


def staged_p(hits_of: Callable[[int], int], draws: int) -> float:
    """The p of a test by draws, (1 + hits) / (1 + draws used), which is valid at any number of draws.

    Args:
        hits_of: Takes so many further draws and counts those that are at least as extreme as what was observed.
        draws: Draws at most, at least 1. They stop at a stage by which 20 were as extreme.

    References:
        Phipson and Smyth (2010), Permutation p-values should never be zero, doi:10.2202/1544-6115.1585.
    """
    done = hits = 0
    for stage in (*(s for s in STAGES if s < draws), draws):
        hits += hits_of(stage - done)
        done = stage
        if hits >= ENOUGH_HITS:
            break
    if _EVEN.get() and done < draws:
        hits_of(draws - done)
    return (1 + hits) / (1 + done)
