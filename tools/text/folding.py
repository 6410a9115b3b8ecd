"""Forms of one word under one key: `flights` with `flight`, so that a theme does not count them as two.

Knows spelling alone, as English has it; a word of another language mostly keeps its own key. Must never know a
document.
"""

_KEPT = ("ss", "us", "is", "ous", "news")


def folded(word: str) -> str:
    """The key of a word: plural endings off, `'s` off. Nothing else, so that a key still reads as a word."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEPT):
        return word[:-1]
    return word


def stem(word: str) -> str:
    """A cruder key, by which two words count as twins in a list of terms: `delayed`, `delays` and `delay` are one."""
    word = folded(word)
    for ending in ("ation", "ations", "ement", "ing", "ed", "er", "ly", "al"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    if len(word) > 4 and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e")
