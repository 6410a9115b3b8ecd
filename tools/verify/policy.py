"""The rule of a session, fixed before sealed rows are read: error level, control, smallest effects.

Knows defaults and what a user may set. A language model may set none of it, and no data are known here.
"""

from collections.abc import Mapping
from typing import Literal

from ..errors import UsageError
from ..value import Value
from .hypothesis import Hypothesis

SMALLEST_EFFECTS = {
    "group_difference": 0.06,
    "rate_difference": 0.03,
    "monotone_association": 0.10,
    "categorical_association": 0.10,
    "trend": 0.10,
    "mean_difference": 0.20,
    "quantile_difference": 0.20,
    "rate_ratio": 0.18,
    "shape": 0.10,
    "seasonality": 0.06,
    "change_point": 0.06,
    "interaction": 0.20,
    "shift": 0.10,
    "adjusted_association": 0.10,
}
"""On each scale: |P(A>B) - .5|, |risk difference|, |rho|, Cramér's V, |rho| against time, differences of means and
quantiles in standard deviations, log rate ratio (1.2), loss of fit without the shape, P(A>B) between phases and around
a change, difference of effects in standard deviations, distance of distributions, partial correlation."""


class Rule(Value):
    """What a batch is judged by."""

    alpha: float = 0.05
    control: Literal["fdr", "fwer"] = "fdr"
    refute_q: float = 0.05
    smallest_effects: dict[str, float] = SMALLEST_EFFECTS

    def smallest(self, hypothesis: Hypothesis) -> float:
        """The smallest effect of interest on the claim's own scale; 0 for an invariant, whose tolerance is its null."""
        return self.smallest_effects.get(hypothesis.scale, 0.0)

    @property
    def method(self) -> str:
        """The name of the error control in the field's words."""
        return "session-LOND" if self.control == "fdr" else "Holm"


def make_rule(
    *, alpha: float = 0.05, strict: bool = False, smallest_effects: Mapping[str, float] | None = None
) -> Rule:
    """The rule that the user's settings stand for.

    Raises:
        UsageError: if alpha is outside (0, .5), or a smallest effect is of an unknown family or outside (0, 1).
    """
    if not 0 < alpha < 0.5:
        raise UsageError(f"`alpha` must be between 0 and 0.5. Got {alpha!r} instead.")
    effects = dict(SMALLEST_EFFECTS)
    for family, value in (smallest_effects or {}).items():
        if family not in effects:
            raise UsageError(
                f"`smallest_effects` names {family!r}, which is no family. Families: {', '.join(effects)}."
            )
        if not 0 < value < 1:
            raise UsageError(
                f"The smallest effect of {family!r} must be between 0 and 1 on its scale. Got {value!r} instead."
            )
        effects[family] = float(value)
    return Rule(alpha=alpha, control="fwer" if strict else "fdr", smallest_effects=effects)
