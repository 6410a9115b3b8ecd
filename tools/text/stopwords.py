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


_LISTED = frozenset(
    "a about above across after afterwards again against all almost alone along already also although always am among "
    "amongst amoungst amount an and another any anyhow anyone anything anyway anywhere are around as at back be became "
    "because become becomes becoming been before beforehand behind being below beside besides between beyond bill both "
    "bottom but by call can cannot cant co con could couldnt cry de describe detail do done down due during each eg "
    "eight either eleven else elsewhere empty enough etc even ever every everyone everything everywhere except few "
    "fifteen fifty fill find fire first five for former formerly forty found four from front full further get give go "
    "had has hasnt have he hence her here hereafter hereby herein hereupon hers herself him himself his how however "
    "hundred i ie if in inc indeed interest into is it its itself keep last latter latterly least less ltd made many "
    "may me meanwhile might mill mine more moreover most mostly move much must my myself name namely neither never "
    "nevertheless next nine no nobody none noone nor not nothing now nowhere of off often on once one only onto or "
    "other others otherwise our ours ourselves out over own part per perhaps please put rather re same see seem seemed "
    "seeming seems serious several she should show side since sincere six sixty so some somehow someone something "
    "sometime sometimes somewhere still such system take ten than that the their them themselves then thence there "
    "thereafter thereby therefore therein thereupon these they thick thin third this those though three through "
    "throughout thru thus to together too top toward towards twelve twenty two un under until up upon us very via was "
    "we well were what whatever when whence whenever where whereafter whereas whereby wherein whereupon wherever "
    "whether which while whither who whoever whole whom whose why will with within without would yet you your yours "
    "yourself yourselves".split()
)  # fmt: skip
"""The list of scikit-learn (BSD 3-Clause), from the Glasgow Information Retrieval Group; the library need not load."""


@cache
def english() -> frozenset[str]:
    """The English words without a subject: scikit-learn's list and a short one of our own."""
    return _LISTED | _LITTLE


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
