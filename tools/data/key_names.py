"""Whether a column's name says that it holds the key of a table: `customer_id`, `custNo` and `customers.id`.

Knows names alone. Must never know a value, a type or a table's rows.
"""

import re

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_KEY_WORDS = frozenset("id ids key code no nr num number uuid guid ref pk fk sk index rowid sys".split())
_GENERIC = _KEY_WORDS | {"name", "label", "title", "value", "type"}
_NEVER = frozenset("rank position row line age count total".split())
"""What a number is called that may differ in all rows and be no key."""
_AFFIXES = frozenset("dim fact tbl table data list all export".split())
_SELF = re.compile(
    r"manager|parent|supervisor|boss|lead|referr|mentor|spouse|partner|previous|prev|next|origin|head|reports?_?to",
    re.I,
)
SAME, QUALIFIED, VALUES_ONLY = 3, 2, 1


def similarity(column: str, table: str, key: str) -> int:
    """How far the name of a column says that it holds the `key` of `table`.

    Returns:
        3: the same name, or the table's name with the key's (`customer_id` for `id` of `customers`); 2: that with more
        before it (`billing_customer_id`), or abbreviated (`cust_no`); 0: nothing of it. Names such as `id` or `name`
        say nothing by themselves.
    """
    own, target, of = _tokens(column), _tokens(key), _table(table)
    if set(target) <= _NEVER:
        return 0
    if set(target) <= _GENERIC:
        if not of:
            return 0
        if own in ([*of, *target], of) or (own[: len(of)] == of and set(own[len(of) :]) <= _KEY_WORDS):
            return SAME
        return QUALIFIED if _ends_with(_core(own), of) or _abbreviates(_core(own), of) else 0
    if own == target:
        return SAME
    mine, theirs = _core(own), _core(target)
    if not mine or set(mine) <= _GENERIC:
        return 0
    if mine == theirs:
        return SAME
    if _ends_with(mine, theirs) or mine == of or _abbreviates(mine, theirs) or _abbreviates(mine, of):
        return QUALIFIED
    return 0


def names_its_own_kind(column: str) -> bool:
    """Whether a name speaks of another row of the same table, as `manager_id` does of an employee."""
    return _SELF.search(column) is not None


def says_key(column: str) -> bool:
    """Whether a name has a word for key in it: `major_code` and not `major`."""
    return bool(set(_tokens(column)) & _KEY_WORDS)


def _tokens(name: str) -> list[str]:
    return [_singular(t.lower()) for t in _SPLIT.split(name) if t]


def _table(name: str) -> list[str]:
    tokens = [t for t in _tokens(name) if t not in _AFFIXES and not t.isdigit()]
    return tokens or _tokens(name)


def _core(tokens: list[str]) -> list[str]:
    """The words before the one that says key."""
    return [t for t in tokens if t not in _KEY_WORDS]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _ends_with(words: list[str], tail: list[str]) -> bool:
    return 0 < len(tail) < len(words) and words[-len(tail) :] == tail


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """`cust` for `customer`, `prod` for `product`: one word of four letters or more, or the other way round."""
    if len(short) != 1 or len(long) != 1:
        return False
    a, b = sorted((short[0], long[0]), key=len)
    return len(a) >= 4 and b.startswith(a)
