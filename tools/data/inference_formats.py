"""How numbers and dates are spelled: from sample cells to SQL expressions that read every cell alike.

Knows spellings. Must never know a column's name, role or the rest of the table.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MISSING_SPELLINGS = (
    "NA", "na", "N/A", "n/a", "N/a", "#N/A", "#NA", "NaN", "nan", "NAN", "null", "Null", "NULL", "None", "<NA>", "NaT",
    "(null)", "--", "-", ".", "?", "n.a.", "N.A.", "\\N",
)  # fmt: skip
"""Cells that stand for a missing one among labels; the case counts, since Nan and Nat are names."""
MISSING_IN_NUMBERS = frozenset(word.lower() for word in MISSING_SPELLINGS) | frozenset(
    ("missing", "unknown", "n.d.", "nd", "not available", "not applicable", "none given", "..", "...", "---", "*", "x",
     "–", "—", "tbd", "blank", "undefined", "#value!", "#ref!", "#div/0!", "no data")
)  # fmt: skip
"""Words that stand for a missing cell where nearly all other cells are numbers or dates."""
CURRENCY = "$€£¥₹"
CURRENCY_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|BRL|MXN|ZAR|SGD|HKD|KRW|TRY"
SPACES = "\u00a0\u2009\u202f "
KNOWN_UNITS = frozenset(
    ("%", "‰", "kg", "g", "mg", "t", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "s", "ms",
     "h", "hr", "hrs", "min", "mins", "sec", "days", "day", "years", "year", "yrs", "months", "°c", "°f", "°", "kw",
     "kwh", "mw", "mph", "kmh", "km/h", "usd", "eur", "gbp", "chf", "mb", "gb", "kb", "tb", "cc", "bhp", "hp", "kmpl",
     "k", "mpg", "hz")
)  # fmt: skip


@dataclass(frozen=True)
class Format:
    """A way of reading cells: `sql` holds `{c}` for the cell and gives NULL where the spelling does not fit."""

    sql: str
    label: str
    unit: str | None = None
    plain: bool = False
    """Whether the spelling needs no word in the notes."""

    def read(self, cell: str) -> str:
        """SQL that reads `cell`, itself SQL for a text."""
        return self.sql.replace("{c}", cell)


PLAIN_NUMBER = Format("CASE WHEN contains({c}, '_') THEN NULL ELSE try_cast({c} AS DOUBLE) END", "number", plain=True)


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


_DECORATED = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+−])?\s*(?P<pre>[$€£¥₹]|(?:" + CURRENCY_CODES + r"))?\s*(?P<sign2>[-+−])?"
    r"(?P<num>\d[\d.,'’\u00a0\u2009\u202f ]*|[.,]\d+)(?P<exp>[eE][-+]?\d+)?\s*"
    r"(?P<unit>[^\d\s()][^\d()]{0,11}?)?\s*(?P<close>\))?"
)


def number_format(sample: Sequence[str], *, decimal_comma: bool) -> Format | None:
    """The spelling of decorated numbers that most sample cells share, or None.

    Currency signs, percent signs, units, thousands separators, accounting brackets and, where `decimal_comma`,
    the comma as decimal point.
    """
    found = [m for cell in sample if (m := _DECORATED.fullmatch(cell))]
    if len(found) < 0.6 * len(sample) or not found:
        return None
    units = Counter((m["unit"] or "").strip() for m in found)
    prefixes = Counter((m["pre"] or "").strip() for m in found)
    unit, prefix = _main(units), _main(prefixes)
    if not _unit_holds(unit, units, sample):
        return None
    number, comma = _body([m["num"].strip() for m in found], decimal_comma)
    if number is None:
        return None
    tail = f"\\s*{_optional(unit, always=unit.lower() not in ('%', '') and unit not in CURRENCY)}"
    front = f"\\(?\\s*[-+−]?\\s*{_optional(prefix, always=False)}\\s*[-+−]?\\s*"
    pattern = f"{front}((?:{number})(?:[eE][-+]?\\d+)?){tail}\\s*\\)?"
    digits = f"regexp_extract({{c}}, {literal('^' + pattern + '$')}, 1)"
    digits = f"regexp_replace({digits}, {literal('[^0-9eE+,.-]')}, '', 'g')"
    digits = f"replace(replace({digits}, '.', ''), ',', '.')" if comma else f"replace({digits}, ',', '')"
    negative = "regexp_matches({c}, '^\\(|^\\s*[-−]|^\\s*[^0-9]{0,3}\\s*[-−]\\d')"
    sql = f"(CASE WHEN {negative} THEN -1 ELSE 1 END) * try_cast(nullif({digits}, '') AS DOUBLE)"
    shown = unit or prefix or None
    return Format(sql, _number_label(prefix, unit, comma, found), shown)


def _main(counts: Counter[str]) -> str:
    """The commonest non-empty entry, or empty."""
    return next((text for text, _ in counts.most_common() if text), "")


def _unit_holds(unit: str, units: Counter[str], sample: Sequence[str]) -> bool:
    """Whether a trailing unit is one unit: the same in all cells that have one, and known or clearly apart."""
    if not unit:
        return True
    others = sum(units.values()) - units[unit] - units[""]
    if others > 0.01 * sum(units.values()):
        return False
    if unit == "%" or unit in CURRENCY:
        return True
    if units[""] > 0.01 * sum(units.values()):
        return False
    spaced = sum(cell.endswith(" " + unit) for cell in sample) > 0.5 * len(sample)
    word = re.fullmatch(r"[A-Za-zµ°²³/%.]+", unit) is not None
    return unit.lower() in KNOWN_UNITS or (spaced and word and len(set(sample)) >= 5)


def _body(numbers: list[str], decimal_comma: bool) -> tuple[str | None, bool]:
    """The pattern of the digits, and whether the comma is the decimal point."""
    space = f"[{SPACES}'’]"
    thousands = [n for n in numbers if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", n)]
    european = [n for n in numbers if re.fullmatch(r"(\d+|\d{1,3}([.\u00a0\u202f ]\d{3})+),\d+", n)]
    dotted = [n for n in numbers if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", n)]
    if (
        decimal_comma
        and (len(european) > 0 or dotted)
        and not any("." in n and "," not in n and not _dots(n) for n in numbers)
    ):
        return f"\\d{{1,3}}(?:(?:[.{SPACES}])\\d{{3}})+(?:,\\d+)?|\\d+(?:,\\d*)?|,\\d+", True
    if any("," in n for n in numbers) and len(thousands) < 0.95 * sum("," in n for n in numbers):
        return None, False
    return (
        f"\\d{{1,3}}(?:,\\d{{3}})+(?:\\.\\d+)?|\\d{{1,3}}(?:{space}\\d{{3}})+(?:[.]\\d+)?|\\d+(?:\\.\\d*)?|\\.\\d+",
        False,
    )


def _dots(number: str) -> bool:
    return re.fullmatch(r"\d{1,3}(\.\d{3})+", number) is not None


def _optional(text: str, *, always: bool) -> str:
    if not text:
        return ""
    return re.escape(text) if always else f"(?:{re.escape(text)})?"


def _number_label(prefix: str, unit: str, comma: bool, found: Sequence[re.Match[str]]) -> str:
    parts = []
    if prefix:
        parts.append(f"the currency `{prefix}`")
    if unit:
        parts.append(f"the unit `{unit}`")
    if comma:
        parts.append("a decimal comma")
    elif any(re.search(r"\d[,'’\u00a0\u2009\u202f ]\d", m["num"]) for m in found):
        parts.append("thousands separators")
    if any(m["open"] for m in found):
        parts.append("brackets for negative numbers")
    return "numbers with " + " and ".join(parts or ["extra signs"])


_TIME = r"(?:[ T]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?P<frac>\.\d+)?)?)\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?)?"
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}" + _TIME + r"(?P<zone>\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))?")
_NUMERIC_DATE = re.compile(r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})" + _TIME)
_YEAR_FIRST = re.compile(r"\d{4}(?P<sep>[/.])\d{1,2}(?P=sep)\d{1,2}" + _TIME)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WORDED = (
    (re.compile(rf"{_MONTH}[ -]\d{{4}}", re.I), ("%b %Y", "%B %Y", "%b-%Y", "%B-%Y")),
    (re.compile(rf"{_MONTH}-\d{{2}}", re.I), ("%b-%y",)),
    (re.compile(rf"\d{{4}}[ -]{_MONTH}", re.I), ("%Y %b", "%Y-%b", "%Y %B", "%Y-%B")),
    (re.compile(rf"\d{{1,2}}[ -]{_MONTH}[ -]\d{{4}}" + _TIME, re.I), ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d-%B-%Y")),
    (re.compile(rf"\d{{1,2}}[ -]{_MONTH}[ -]\d{{2}}" + _TIME, re.I), ("%d %b %y", "%d-%b-%y", "%d %B %y")),
    (re.compile(rf"{_MONTH} \d{{1,2}},? \d{{4}}" + _TIME, re.I), ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")),
)  # fmt: skip
_SPECIAL = (
    (
        re.compile(r"\d{4}[-/](0[1-9]|1[0-2])"),
        "try_strptime(replace({c}, '/', '-') || '-01', '%Y-%m-%d')",
        "year and month",
    ),
    (
        re.compile(r"\d{4}[ -]?[Qq][1-4]"),
        "try_cast(make_date(try_cast(left({c}, 4) AS BIGINT), try_cast(right({c}, 1) AS BIGINT) * 3 - 2, 1)"
        " AS TIMESTAMP)",
        "year and quarter",
    ),
    (
        re.compile(r"[Qq][1-4][ -]\d{4}"),
        "try_cast(make_date(try_cast(right({c}, 4) AS BIGINT), try_cast({c}[2] AS BIGINT) * 3 - 2, 1) AS TIMESTAMP)",
        "quarter and year",
    ),
)


def date_formats(sample: Sequence[str]) -> list[Format]:
    """The spellings of dates that at least 60 % of the sample cells share, likeliest first."""
    if not sample or sum(any(ch.isdigit() for ch in cell) for cell in sample) < 0.6 * len(sample):
        return []
    iso = _matches(_ISO, sample)
    if iso:
        zoned = any(m["zone"] for m in iso)
        if any(m["ampm"] for m in iso):
            return [_strptime(("%Y-%m-%d",), iso, "year-month-day with a 12-hour clock")]
        sql = "try_cast(try_cast({c} AS TIMESTAMPTZ) AS TIMESTAMP)" if zoned else "try_cast({c} AS TIMESTAMP)"
        guard = literal("^" + re.sub(r"\?P<\w+>", "", _ISO.pattern) + "$")
        sql = f"CASE WHEN regexp_matches({{c}}, {guard}) THEN {sql} END"
        return [Format(sql, "year-month-day" + (" in UTC" if zoned else ""), plain=not zoned)]
    if found := _matches(_YEAR_FIRST, sample):
        sep = found[0]["sep"]
        return [_strptime((f"%Y{sep}%m{sep}%d",), found, "year/month/day".replace("/", sep))]
    if found := _matches(_NUMERIC_DATE, sample):
        return _either_order(found)
    for pattern, formats in _WORDED:
        if found := _matches(pattern, sample):
            return [_strptime(formats, found, "the month in words")]
    for pattern, sql, label in _SPECIAL:
        if _matches(pattern, sample):
            shape = literal("^" + pattern.pattern + "$")
            return [Format(f"CASE WHEN regexp_matches({{c}}, {shape}) THEN {sql} END", label)]
    return []


def _matches(pattern: re.Pattern[str], sample: Sequence[str]) -> list[re.Match[str]]:
    found = [m for cell in sample if (m := pattern.fullmatch(cell))]
    return found if len(found) >= 0.6 * len(sample) else []


def _either_order(found: list[re.Match[str]]) -> list[Format]:
    """Day first and month first; the American order leads where slashes divide."""
    sep = Counter(m["sep"] for m in found).most_common(1)[0][0]
    year = "%Y" if len(found[0]["y"]) == 4 else "%y"
    month = _strptime((f"%m{sep}%d{sep}{year}",), found, "month/day/year".replace("/", sep))
    day = _strptime((f"%d{sep}%m{sep}{year}",), found, "day/month/year".replace("/", sep))
    return [month, day] if sep == "/" else [day, month]


def _strptime(dates: Sequence[str], found: Sequence[re.Match[str]], label: str) -> Format:
    """A format of the given dates with the times of day that the sample shows."""
    tails = {_tail(m) for m in found if "time" in m.re.groupindex} or {""}
    spellings = [literal(d + t) for d in dates for t in sorted(tails | {""})]
    return Format(f"try_strptime({{c}}, [{', '.join(spellings)}])", label)


def _tail(match: re.Match[str]) -> str:
    """The strptime format of the time of day in one cell."""
    time = match["time"]
    if not time:
        return ""
    seconds = (":%S" if time.count(":") == 2 else "") + (".%f" if match["frac"] else "")
    lead = "T" if "T" in match.group(0)[: match.start("time")][-1:] else " "
    if match["ampm"]:
        return f"{lead}%I:%M{seconds}" + (" %p" if match.group(0)[match.end("time")] == " " else "%p")
    return f"{lead}%H:%M{seconds}"
