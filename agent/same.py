"""Whether two claims are one: the same comparison, said the same way or with its sides exchanged.

Knows hypotheses. Must never know a row, a verdict, or who stated a claim.
"""

from ..tools.verify.hypothesis import Hypothesis, sign


def relation(known: Hypothesis, other: Hypothesis) -> int:
    """1 where both speak of the same comparison whatever the direction, -1 where its sides are exchanged, else 0."""
    a, b = ({k: v for k, v in h.as_json().items() if k not in ("direction", "cuts")} for h in (known, other))
    if a == b:
        return 1
    if known.family == "monotone_association" and a["event"] is None and "above" not in a:
        return int({**a, "outcome": a["predictor"], "predictor": a["outcome"]} == b)
    levels = a.get("levels")
    if levels and levels["b"]:
        return -int({**a, "levels": {"a": levels["b"], "b": levels["a"]}} == b)
    return 0


def same_way(known: Hypothesis, other: Hypothesis) -> bool:
    """Whether two claims are on one comparison and commit to one direction."""
    turned = relation(known, other)
    return turned != 0 and sign(known) == sign(other) * turned
