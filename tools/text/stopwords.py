"""Words that carry no subject: of English by a list, of other languages by how many documents hold them.

Knows words and counts of documents. Must never know a theme, or a column beside the text.
"""

from collections.abc import Collection, Mapping
from functools import cache

_ENGLISH_SHARE = 0.15
"""Share of all words that scikit-learn's list takes up in English; in other languages it is near nothing."""
_COMMON_SHORT, _COMMON_LONG, _LONG = 0.2, 0.6, 100.0
"""Share of documents from which on a word of another language says nothing, for short documents and for long ones."""
_LITTLE = frozenset(
    "just like got get gets getting gotten did does doing done really said say says saying going goes gone go went "
    "know knew known let lets make makes made making think thought thing things want wants wanted way ways lot lots "
    "ok okay yes yeah yep nope oh ah hi hey hello lol haha omg wow please pls plz thing something anything u ur r n im "
    "ive id ill dont didnt doesnt cant couldnt wont wouldnt isnt wasnt arent havent hasnt youre youve thats theres hes "
    "shes theyre weve gonna gotta wanna ya em amp lt gt quot nbsp http https com www rt via actually quite maybe "
    "used use using able took take taken came come comes coming don didn doesn isn wasn couldn wouldn ain ll ve "
    "re".split()
)  # fmt: skip
"""English words of little content that the library's list leaves out, chat spellings, and left-overs of markup."""


@cache
def english() -> frozenset[str]:
    """The English words without a subject: scikit-learn's list and a short one of our own."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | _LITTLE


def stop_words(
    said: Mapping[str, int], holding: Mapping[str, int], documents: int, length: float, language: str | None = None
) -> frozenset[str]:
    """The words to leave out.

    Args:
        said: How often each word is said.
        holding: How many documents hold each word.
        documents: How many documents there are.
        length: Words in the document of middle length.
        language: Its code; without one, it counts as English where the English list takes up enough of the words.
    """
    listed = english()
    if language is None:
        total = sum(said.values())
        language = "en" if sum(said.get(w, 0) for w in listed) >= _ENGLISH_SHARE * max(total, 1) else ""
    if language == "en":
        return frozenset(w for w in holding if _is_listed(w, listed))
    most = (_COMMON_LONG if length >= _LONG else _COMMON_SHORT) * documents
    return frozenset(w for w, times in holding.items() if times > most)


def _is_listed(word: str, listed: Collection[str]) -> bool:
    if word in listed:
        return True
    if "'" not in word:
        return False
    before = word.removesuffix("n't") if word.endswith("n't") else word.partition("'")[0]
    return before in listed or before in {"ca", "wo", "sha", "ai", "y"}
