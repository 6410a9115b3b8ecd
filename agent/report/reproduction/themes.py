"""The theme of a document by a frozen model in its plain form: additive weights of terms, the highest sum wins.

Knows a model's weights and one document's words. Must never fit a weight.
"""

from .base import Found
from .documents import times


def theme_of(model: Found, words: list[str]) -> str | None:
    """The theme whose terms weigh most in the document; None where none reaches the least that counts, or two tie.

    The model holds `weights` (theme to term to weight, for each occurrence), `bias` (theme to a number, 0 by default)
    and `least`.
    """
    own = model["weights"]
    counts = {term: times(words, term) for weights in own.values() for term in weights}
    sums = {t: model.get("bias", {}).get(t, 0.0) + sum(w * counts[x] for x, w in own[t].items()) for t in own}
    best = max(sums.values(), default=0.0)
    first = [t for t in sums if sums[t] == best]
    return first[0] if len(first) == 1 and best >= model.get("least", 0.0) else None
