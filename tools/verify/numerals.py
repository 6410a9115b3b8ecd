"""What counts as a numeral: digits of any script, numbers in words, fractions, ordinals, multiples, Roman figures.

Knows characters and words. Must never know data, evidence, or whether a numeral is right: it only finds it.
"""

import re
import unicodedata

_UNITS = "zero one two three four five six seven eight nine"
_TEENS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty thirty forty fourty fifty sixty seventy eighty ninety"
)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth "
    "ninetieth hundredth thousandth millionth billionth zeroth nth umpteenth firstly secondly thirdly"
)
_LARGE = (
    "hundred thousand million billion trillion quadrillion quintillion milliard myriad lakh crore googol "
    "grand mio mrd bn mn tn"
)
_PARTS = (
    "half halves third thirds quarter quarters fifths sixths sevenths eighths ninths tenths hundredths thousandths "
    "percent percentage percentages percentile percentiles permille pct majority minority plurality most fraction "
    "decile deciles quartile quartiles quintile quintiles halve halved halving halfway"
)
_MULTIPLES = (
    "once twice thrice double doubles doubled doubling triple triples tripled tripling treble trebled quadruple "
    "quadrupled quintuple sextuple tenfold twofold threefold fourfold fivefold hundredfold manifold fold folds "
    "single sole duo duos dual trio trios quartet quintet pair pairs couple couples dozen dozens score scores gross "
    "both either neither unanimous decade decades century centuries millennium millennia nil naught nought null none"
)
_FOREIGN = (
    "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf zwanzig hundert tausend halb hälfte haelfte "
    "un une deux trois quatre cinq sept huit neuf dix onze douze vingt cent mille demi moitie moitié tiers "
    "uno una dos tres cuatro cinco seis siete ocho nueve diez once doce veinte cien ciento mil medio mitad tercio "
    "due tre quattro cinque sei sette otto nove dieci venti cento metà "
    "een twee drie vijf zes zeven negen tien honderd duizend ichi ni san shi yon roku hachi kyu ju"
)
_WORDS = frozenset(
    f"{_UNITS} {_TEENS} {_ORDINALS} {_LARGE} {_PARTS} {_MULTIPLES} {_FOREIGN} "
    "ones twos threes fours fives sixes sevens eights nines tens hundreds thousands millions billions trillions".split()
)
_STEMS = tuple(
    "teen hundred thousand million billion trillion illion dozen twenty thirty forty fifty sixty seventy eighty ninety "
    "percent fold".split()
)
"""Parts that give a number away inside a longer or misspelt word: `hundredish`, `zillions`, `twentyfive`."""
_ROMAN = re.compile(r"(?=[IVXLCDM])M{0,4}(CM|CD|D?C{0,4})(XC|XL|L?X{0,4})(IX|IV|V?I{0,4})")
_LOOKS_LIKE = str.maketrans("olszb", "01528")


def is_numeral_sign(char: str) -> bool:
    """Whether a character stands for a number in any script: digits, fractions, circled and counting signs."""
    if unicodedata.category(char)[0] == "N":
        return True
    return unicodedata.numeric(char, None) is not None or any(c.isdigit() for c in unicodedata.normalize("NFKC", char))


def is_numeral(word: str) -> bool:
    """Whether a word is a number or holds one: `12`, `IV`, `three-quarters`, `l0`, `2nd`, `½`."""
    if any(is_numeral_sign(c) for c in word):
        return True
    if _ROMAN.fullmatch(word):
        return True
    return any(_named(part) for part in re.split(r"[^\w]+|_", word.lower()) if part)


def _named(part: str) -> bool:
    if part in _WORDS or part.endswith("ths"):
        return True
    if len(part) > 1 and part.translate(_LOOKS_LIKE).isdigit():  # `lO`, `SO`: letters that only look like digits
        return True
    return any(stem in part for stem in _STEMS)


def numerals(text: str) -> tuple[str, ...]:
    """The words of `text` that are numbers or hold one, in order."""
    return tuple(word for word in re.findall(r"[^\s]+", text) if is_numeral(word.strip(".,;:()'\"!?")))
