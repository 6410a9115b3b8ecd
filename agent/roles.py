"""Which of two columns a person would read as the outcome: sex predicts wage, not wage sex.

Knows names, types and positions. Must never know a value. A reading, not a fact: it turns sentences round,
never a test.
"""

import re
from itertools import pairwise

from ..tools.data.schema import Column

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")

_GIVEN = frozenset(
    "sex gender female male race ethnicity nationality age birth born species breed island country region state "
    "city town village suburb place "
    "county location origin continent district zone neighbourhood neighborhood borough latitude longitude lat lon long "
    "altitude elevation year month day date weekday workingday weekend dow hour minute season quarter holiday weather "
    "temp temperature atemp humidity wind windspeed rain snow climate daylight generation cohort time timestamp".split()
)
_BACKGROUND = frozenset(
    "education educ edu degree schooling occupation job role department dept class pclass cabin deck type kind "
    "category "
    "group segment plan tier channel source brand make manufacturer model product supplier vendor carrier religion "
    "religious married marriage marital yearsmarried children child kids parch sibsp siblings family household "
    "dependents partner spouse senior size party smoker smoking alcohol diet contract internet phone streaming "
    "security backup protection support paperless billing payment method service dose treatment arm supp supplement "
    "embarked embark town who alone adult cylinders displacement horsepower acceleration "
    "weight height width length depth area "
    "rooms bedrooms bathrooms experience tenure seniority priority assigned caller opened gini minority native "
    "tenured beauty credits division livebait camper persons chocolate fruity caramel nougat bar hard".split()
)
_MEASURED = frozenset(
    "price cost costs charge charges fare revenue sales profit margin income wage wages salary earnings median pay "
    "spending spend spent expenditure amount total score grade rating eval rate ratio count counts quantity number "
    "rentals riders trips delay duration tip tips mpg consumption mileage balance limit debt satisfaction "
    "happiness votes views likes visits orders purchases caught gross budget damage deaths alldeaths injuries crimes "
    "hatecrimes yield growth speed performance error errors risk premium loss losses share percent pct index".split()
)
_TARGET = frozenset(
    "survived survival alive died death dead mortality churn churned attrition left default defaulted fraud fraudulent "
    "cancelled canceled cancellation converted conversion click clicked subscribed outcome outcomes result results "
    "success successful failure failed response responded target label y class_label won win winner winpercent "
    "admission admit admitted approved approval diagnosis disease relapse readmitted affairs returned resolved closed "
    "winpercentage graduated hired purchased bought sentiment".split()
)
_CODES = frozenset("id code number nr no num flight zip zipcode postcode postal phone index key ref".split())
_CLOCK = frozenset("year month day date quarter week hour minute weekday season timestamp modelyear".split())
_NOMINAL = frozenset(
    "origin region type kind category race ethnicity religion department dept district zone state country county "
    "province city town industry occupation job sector cluster group segment brand make model color colour species "
    "breed channel store shop team location site source carrier vendor supplier".split()
)
_MOST_NOMINAL = 24
_AMOUNTS = frozenset(
    "price prices cost costs charge charges fare revenue sales turnover profit margin income wage wages salary "
    "earnings pay spending spend spent expenditure amount total sum budget gross debt loss losses premium tax "
    "taxes fee fees donation donations payment payments value worth volume".split()
)
_EXPOSURES = frozenset(
    "exposure exposures population pop inhabitants residents hours days weeks personyears pyears pyrs py miles "
    "kilometers kilometres km mileage flights attempts atrisk holders policyholders insured".split()
)
_EXPOSURE_PAIRS = (("person", "years"), ("person", "days"), ("at", "risk"), ("patient", "years"), ("follow", "up"))
_TIERS = ((_TARGET, 6.0), (_MEASURED, 3.0), (_GIVEN, 0.0), (_BACKGROUND, 1.0))


def outcome_reading(column: Column, position: float = 0.0) -> float:
    """How much a column reads like an outcome, from 0 (a given) to about 6 (a target).

    Args:
        column: The column.
        position: Its place in the table from 0 to 1; later columns read slightly more like outcomes.
    """
    tokens = _tokens(column)
    tier = 2.0
    for words, value in _TIERS:
        if any(t in words or (t.endswith("s") and t[:-1] in words) for t in tokens):
            tier = value
            break
    if column.type == "number" and _CLOCK & set(tokens):
        return -1.0 + 0.3 * position  # a year or an hour is when something was seen, not what was seen
    return tier + _type_bonus(column) + 0.3 * position


def _type_bonus(column: Column) -> float:
    """Measurements read more like outcomes than labels do; dates never do."""
    if column.type == "datetime":
        return -20.0  # under every tier: `closed_at` reads like an outcome by its name
    if column.type == "number":
        return 0.4 if not column.levels else 0.2
    return 0.1 if column.type == "boolean" else 0.0


def oriented(a: Column, b: Column, order: dict[str, int]) -> tuple[Column, Column]:
    """(outcome, predictor) as a person would read the pair; `order` is each column's place in the table."""
    last = max(len(order) - 1, 1)
    first = outcome_reading(a, order[a.name] / last), order[a.name]
    second = outcome_reading(b, order[b.name] / last), order[b.name]
    return (a, b) if first >= second else (b, a)


def is_nominal(column: Column) -> bool:
    """Whether a whole number of few values stands for labels (region 1, 2 or 3), so that its order means nothing."""
    if column.type != "number" or not 2 <= len(column.levels) <= _MOST_NOMINAL:
        return False
    return bool(_NOMINAL & {t.lower() for t in _SPLIT.split(column.name) if t})


def is_many_years(column: Column) -> bool:
    """Whether a whole number stands for more years than one would compare as groups."""
    return column.type == "number" and column.integer and not column.levels and "year" in _tokens(column)


def is_code(column: Column) -> bool:
    """Whether a number only names things (a flight, a zip code), so that more or less of it means nothing."""
    if column.type != "number" or not column.integer or column.distinct <= 24:
        return False
    return bool(_CODES & set(_tokens(column)))


def is_amount(column: Column) -> bool:
    """Whether a number reads like something that is summed (sales, wages), so that its mean is what is asked for."""
    return column.type == "number" and bool(_AMOUNTS & set(_tokens(column)))


def is_exposure(column: Column) -> bool:
    """Whether a number reads like what a count is counted over: a population, hours, person-years."""
    tokens = _tokens(column)
    pairs = set(pairwise(tokens))
    return column.type == "number" and bool(_EXPOSURES & set(tokens) or pairs & set(_EXPOSURE_PAIRS))


def _tokens(column: Column) -> list[str]:
    return [t.lower() for t in _SPLIT.split(column.name) if t]


_ONE_SCALE = {
    "group_difference": 2.0, "seasonality": 2.0, "change_point": 2.0,
    "mean_difference": 0.5, "quantile_difference": 0.5, "rate_ratio": 0.5, "interaction": 0.5,
}  # fmt: skip


_PLAINNESS = {"interaction": 0.6, "segment": 0.6, "categorical_association": 0.5, "shift": 0.6}


def plainness(family: str) -> float:
    """How readily a claim is understood and acted on, at most 1: what differs, not only that something does."""
    return _PLAINNESS.get(family, 1.0)


def strength(scale: str, theta: float) -> float:
    """An effect on one scale from 0 to 1 for all families, for ordering only.

    Cliff's delta for P(A>B), which is twice its distance from 1/2; half of what is counted in standard deviations;
    the others stand on such a scale already.
    """
    return min(1.0, abs(theta) * _ONE_SCALE.get(scale, 1.0))
