"""The themes of a document by a frozen model in its plain form, read word by word.

Knows a model's weights and one document's words. Must never fit a weight.
"""

import numpy as np

from .base import Found


def themes_of(model: Found, words: list[str]) -> set[str]:
    """The themes that a document belongs to: the best among its siblings, and a part only within its theme.

    The score of a theme is the sum of its weights, each times `1 + ln(times)`, over the root of the sum of squares of
    `1 + ln(times)` of all words that the model knows; weights and thresholds are thousandths.
    """
    places = sorted(model["forms"][w] for w in words if w in model["forms"])
    heights = {at: 1.0 + float(np.log(places.count(at))) for at in dict.fromkeys(places)}
    length = 0.0
    for height in heights.values():
        length += height * height
    scores: dict[str, float] = {}
    for theme in model["themes"]:
        total = 0.0
        for at, height in heights.items():
            total += height * (theme["weights"][at] / 1000.0)
        scores[theme["id"]] = total / float(np.sqrt(length)) if length else 0.0
    held: set[str] = set()
    for theme in model["themes"]:
        siblings = [t["id"] for t in model["themes"] if t["parent"] == theme["parent"]]
        own, best = scores[theme["id"]], max(siblings, key=lambda name: scores[name])
        inside = theme["parent"] is None or theme["parent"] in held
        if inside and best == theme["id"] and own > 0 and own >= theme["threshold"] / 1000.0:
            held.add(theme["id"])
    return held
