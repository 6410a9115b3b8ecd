"""Tables of two groups with labels that err, and what the tests and the benchmark of label errors measure on them."""

from typing import NamedTuple

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.properties import Judged, TextProperty
from heldout.tools.text.repeats import REPEATED, Repeats
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import GroupDifference, Hypothesis, RateDifference
from heldout.tools.verify.labels import carried, unlabelled

QUESTION = TextProperty(
    name="rude", column="text", property=Judged(question="Is it rude?", model="m", prompt="0" * 64)
)  # fmt: skip
AS_OUTCOME = RateDifference.model_validate(
    {"outcome": "rude", "event": "yes", "predictor": "group", "levels": {"a": ["a"], "b": ["b"]},
     "direction": "higher", "texts": [QUESTION.as_json()]}
)  # fmt: skip
AS_GROUPS = GroupDifference.model_validate(
    {"outcome": "pay", "predictor": "rude", "levels": {"a": ["yes"], "b": ["no"]}, "direction": "higher",
     "texts": [QUESTION.as_json()]}
)  # fmt: skip


class Errors(NamedTuple):
    """How often a label is wrong, by what is true."""

    of_yes: float
    of_no: float


def labelled(rng: np.random.Generator, truth: np.ndarray, errors: Errors) -> np.ndarray:
    """Labels of true answers, each wrong by itself."""
    wrong = rng.random(len(truth)) < np.where(truth, errors.of_yes, errors.of_no)
    return truth ^ wrong


def repeated(first: np.ndarray, second: np.ndarray) -> Repeats:
    a, b = first.astype(bool), second.astype(bool)
    return Repeats(int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum()))


class Told:
    """Answers that stand in the texts: an assigner whose labels the test wrote."""

    def holds(self, prop, texts):
        return np.array([{"y": 1.0, "n": 0.0}.get(t[0], np.nan) for t in texts])


class Drawn(NamedTuple):
    """One table with its labels taken twice, and the effect that it was drawn with."""

    rows: Rows
    repeats: Repeats
    truth: float


def of_shares(rng: np.random.Generator, n: int, shares: tuple[float, float], errors: Errors) -> Drawn:
    """A question answered yes more often in one of two groups of n documents each."""
    truth = np.concatenate([rng.random(n) < share for share in shares])
    return _drawn(rng, truth, {"group": ["a"] * n + ["b"] * n}, errors, shares[0] - shares[1])


def of_amounts(rng: np.random.Generator, n: int, share: float, apart: float, errors: Errors) -> Drawn:
    """A number that is higher by `apart` standard deviations where the answer is yes."""
    from scipy.special import ndtr

    truth = rng.random(2 * n) < share
    pay = rng.normal(size=2 * n) + apart * truth
    return _drawn(rng, truth, {"pay": pay}, errors, float(ndtr(apart / np.sqrt(2))))


def _drawn(rng: np.random.Generator, truth: np.ndarray, beside: dict, errors: Errors, effect: float) -> Drawn:
    from heldout.tools.text.evaluate import Aids

    first, second = labelled(rng, truth, errors), labelled(rng, truth, errors)
    twice = rng.permutation(len(truth))[:REPEATED]
    rows = Rows.of(beside, texts={"text": [f"{'y' if x else 'n'}{k}" for k, x in enumerate(first)]})
    return Drawn(with_properties(rows, [QUESTION], Aids({"m": Told()})), repeated(first[twice], second[twice]), effect)


def covers(h: Hypothesis, drawn: Drawn) -> tuple[bool, bool, float] | None:
    """Whether the truth lies in the interval, and in that which takes labels as they are; the width; None untested."""
    plain = FAMILIES[h.family].evaluate(h, drawn.rows, draws=0)
    if unlabelled(h, {"rude": drawn.repeats}) is not None:
        return None
    found = carried(h, plain, {"rude": drawn.repeats})
    if found.effect is None or plain.effect is None:
        return None
    inside = [e.low <= drawn.truth <= e.high for e in (found.effect, plain.effect)]
    return inside[0], inside[1], found.effect.high - found.effect.low
