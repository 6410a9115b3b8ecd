"""The words that a sentence about evidence may use, and what each of them claims.

Knows a closed list of plain words. Must never know data, a finding, or which sentence uses them. The list is closed
because a list of forbidden words never ends: an invented country, a number in another language and a cause in other
words are all caught by not being here.
"""

UP = frozenset(
    "high frequent frequently common commonly maximum higher more above greater larger bigger longer better "
    "rises rise rising rose increases increase increasing increased grows grow growing grew climbs climb "
    "climbing exceeds exceed up upward upwards top best highest largest greatest commoner likelier oftener "
    "older taller heavier richer faster later stronger positively positive".split()
)
DOWN = frozenset(
    "low rare rarely seldom minimum lower less below fewer smaller shorter worse falls fall falling fell "
    "decreases decrease decreasing decreased drops drop dropping dropped declines decline declining declined "
    "shrinks shrink down downward downwards bottom worst lowest smallest least rarer younger lighter poorer "
    "slower earlier weaker negatively inversely negative inverse".split()
)
SUPERLATIVES = frozenset("top bottom best worst highest lowest largest smallest greatest least".split())
"""Words about a whole order of levels: two sides never entail them."""

RELATED = frozenset(
    "differ differs different difference differences related relation relationship associated association "
    "associations linked link goes go together correlated correlation vary varies tend tends depend depends".split()
)
"""Words that claim a relation without a direction."""

STRONG = frozenset(
    "verified shown show shows showed showing confirmed confirms confirm held hold holds evidence significant "
    "significantly established supported supports support demonstrated demonstrates reliable reliably found "
    "finding findings".split()
)
"""Words that say that a claim passed its test."""

WEAK = frozenset(
    "suggest suggests suggested suggesting hint hints may might could possibly perhaps likely appears".split()
)
"""Words that lean to a claim without its test."""

EXCESS = frozenset(
    "proves prove proved proven proof certain certainly certainty guarantees guaranteed undoubtedly "
    "definitely absolutely truly undeniable undeniably conclusive conclusively obviously surely insignificant "
    "highly extremely clear clearly".split()
)
"""Words stronger than any test."""

CAUSES = frozenset(
    "cause causes caused causing causal causally causality because since affect affects affected affecting "
    "effect effects impact impacts impacted influence influences influenced drive drives driven driver "
    "drivers driving lead leads led leading determine determines determined explain explains explained "
    "explaining responsible reason reasons therefore hence thus thereby consequently consequence consequences "
    "result results resulted resulting produce produces produced boost boosts boosted raise raises raised "
    "reduce reduces reduced reducing make makes made making improve improves improved prevent prevents "
    "prevented protect protects protective trigger triggers triggered induce induces contribute contributes "
    "contributing contribution owing thanks enable enables force forces forced harm harms cut cuts lift lifts "
    "shape shapes shaped attributable attributed so why mechanism benefit benefits hurt hurts help helps "
    "helped mediate mediates spur spurs fuel fuels hinge hinges".split()
)
"""Words that say cause; associations entail none of them."""

CAUSAL_PHRASES = (
    r"\bdue to\b", r"\bas a result\b", r"\bthanks to\b", r"\bowing to\b", r"\bgives? rise\b", r"\bbrings? about\b",
    r"\bon account of\b", r"\bstems? from\b", r"\bcomes? from\b", r"\bturns? into\b", r"\bdepends? (up)?on\b",
    r"\bresponds? to\b", r"\bin order to\b", r"\bmust be\b", r"\bshould\b",
)  # fmt: skip
TRANSITIVE = frozenset(
    "increases increase increased decreases decrease decreased grows grow grew drops drop dropped shrinks "
    "shrink lowers rises rise falls fall declines decline climbs climb".split()
)
"""Verbs of change: with an object they say cause (`age increases fare`)."""

WIDENING = frozenset(
    "all every everyone everybody everything everywhere each any anyone anybody always ever never general "
    "generally universal universally usually typically typical worldwide whole entire entirely whatever "
    "wherever whenever regardless nationwide people population populations".split()
)
"""Words that widen the rows a claim speaks of."""

NEGATORS = frozenset(
    "not no never neither nor without cannot hardly barely scarcely fail fails failed lack lacks lacking "
    "absent except unlike contrary opposite instead rather reverse reversed untrue false wrong isn't aren't "
    "doesn't don't wasn't weren't didn't can't won't couldn't refuted unsupported inconclusive undecided "
    "untestable unverified".split()
)

_IS = "(is|are|was|were)"
HEDGES = (
    (rf"\b{_IS} (not|neither) (shown|verified|confirmed|established)( to| that)?( be| differ| vary)?\b", "iru"),
    (r"\bnot (shown|verified|confirmed|established)\b", "iru"),
    (r"\b(is|are|was|were|remains?|stays?)? ?(undecided|inconclusive)\b", "i"),
    (r"\bcould not be (decided|settled)\b", "i"),
    (r"\bneither shown nor (ruled out|refuted)\b", "i"),
    (r"\b(do|does|did) not show( that)?\b", "iru"),
    (r"\bno evidence (was |is )?(found )?(that|for|of)\b", "ir"),
    (r"\bno support (was |is )?(found )?(that|for)\b", "r"),
    (r"\bnot supported\b", "r"),
    (r"\b(is|are|was|were)? ?refuted\b", "r"),
    (r"\b(is|are|was|were) ruled out\b", "r"),
    (r"\b(is|are|was|were)? ?(not tested|untestable)\b", "u"),
    (r"\bcould not be tested\b", "u"),
)
"""Phrases that leave a claim open or reject it, with the first letters of the outcomes that allow them."""

STATISTICS = {
    "mean": "mean average", "means": "mean average", "average": "mean average", "averages": "mean average",
    "median": "median", "medians": "median", "total": "total sum", "sum": "sum total",
    "maximum": "maximum highest max", "minimum": "minimum lowest min",
    "share": "share rows %", "shares": "share rows %", "rate": "rate share",
    "slope": "slope",
}  # fmt: skip
"""Words that say which statistic a figure is, with the words of a label of which one must then be there."""

REFERENCES = frozenset("than against versus compared relative unlike".split())
"""Words after which the side stands that the other is compared with."""

UNITS = frozenset(
    "points point percent percentage rows row times fold observations cases records units unit years year "
    "days day hours hour minutes minute months month weeks week seconds dollars dollar euros euro pounds "
    "cents kilograms grams metres meters kilometres kilometers miles degrees persons trips clusters quantile "
    "rate".split()
)
"""Words that a reader takes for the unit of the figure before them."""

PLAIN = frozenset(
    "a about accordance according across additionally again against along also although am among amongst "
    "amount amounts an analyses analysis and answer apart approximately are around as at available average "
    "averages based basis be been being between blank but by cases check checked checks claim claims "
    "coefficient column columns come comes compared comparison comparisons computed concerning conclusion "
    "confidence considering context contrast contrasted contrasts corresponding count counted counts data "
    "dataset date dates decided did distance do does doing else elsewhere example figure figures file "
    "following for from further furthermore gap give given gives group groups had has have having held here "
    "how however hypotheses hypothesis idea in include includes including instance interval into is it its "
    "key known level levels likely likewise listed look looked looking looks mean means meanwhile "
    "measured median medians missing moreover n new note noted notes number numbers observations observed of "
    "often on onto or other others otherwise our outcome outcomes over overall part partial parts portion "
    "predictor provide provides quantile question rate rates read reading reads recorded records regarding "
    "relative remain remainder remaining remains report respectively rest rho roughly row rows said sample "
    "samples saw say says see seen separate separately session set sets settled share shares side sides "
    "similarly size sizes slope slopes stand stands state stated states stood such sum summary table taken "
    "tell tells terms test tested tests than that the their them then there these they this those though "
    "through time to together told too total toward towards under unknown up value values versus was we were "
    "what when where whereas whether which while who with within".split()
)
"""Words that claim nothing by themselves."""
