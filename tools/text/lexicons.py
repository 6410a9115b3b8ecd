"""Short closed lists of English words that measures count: pronouns, negations, words of opinion.

Knows the lists. Must never know a document. Pronouns and negations are complete for standard English; the words of
opinion are common ones of praise and blame, picked by hand: a count of them is a crude measure and is called one.
"""

FIRST_SINGULAR = frozenset("i me my mine myself i'm i've i'd i'll im ive".split())
FIRST_PLURAL = frozenset("we us our ours ourselves we're we've we'd we'll".split())
SECOND = frozenset("you your yours yourself yourselves you're you've you'd you'll u ur".split())
THIRD = frozenset(
    "he him his himself she her hers herself they them their theirs themselves he's she's they're "
    "they've they'd".split()
)
NEGATIONS = frozenset(
    "no not never none nobody nothing neither nor nowhere cannot can't don't doesn't didn't won't wouldn't isn't "
    "aren't wasn't weren't haven't hasn't hadn't couldn't shouldn't ain't without".split()
)
PRAISE = frozenset(
    "amazing awesome beautiful best better brilliant charming clean clear comfortable delicious delight delightful "
    "easy effective efficient elegant enjoy enjoyable enjoyed excellent exceptional exciting fabulous fantastic fast "
    "favorite favourite fine flawless fresh friendly fun generous glad good gorgeous grateful great happy helpful "
    "honest hope hopeful impressive impressed incredible interesting kind like liked love loved lovely luxurious "
    "memorable nice outstanding perfect perfectly pleasant pleased pleasure polite positive powerful pretty prompt "
    "proud quality quick recommend recommended refreshing reliable right safe satisfied sincere smart smooth solid "
    "spacious special spectacular spotless strong stunning success successful super superb sweet terrific thank "
    "thanks thoughtful top touching true welcome welcoming well win wonderful worth worthy wow".split()
)
BLAME = frozenset(
    "abysmal angry annoyed annoying appalling awful awkward bad badly bland boring bother broken cancelled cheap "
    "complain complaint confused confusing crap cruel damage damaged damn dangerous dated delay delayed dirty "
    "disappointed disappointing disappointment disaster disgusting dreadful dull embarrassing error evil expensive "
    "fail failed fails failure fake fault faulty filthy flaw flawed frustrated frustrating garbage grim guilty harm "
    "hate hated horrible horrific hurt idiot ignored incompetent insult irritating joke lack lame late lazy lie lied "
    "lies lose losing loss lost lousy mediocre mess messy miserable miss missed missing mistake mistakes nasty "
    "negative noisy odd old outdated overpriced pain painful pathetic pointless poor poorly problem problems refuse "
    "refused ridiculous rough rude sad scam shame shameful slow smelly sorry stale stolen stuck stupid suck sucks "
    "terrible tired trouble ugly unacceptable unbelievable uncomfortable unfortunately unhappy unhelpful "
    "unprofessional upset useless waste wasted weak weird worse worst worthless wrong".split()
)
STOP = (
    FIRST_SINGULAR
    | FIRST_PLURAL
    | SECOND
    | THIRD
    | NEGATIONS
    | frozenset(
        "a about above after again all almost along already also although am among an and another any anyone anything "
        "are around as at back be because been before being below between both but by came can could d did do does "
        "doing done down during each either else enough even ever every few for from further gave get gets getting "
        "give given go goes going gone got had has have having here here's hers how however if in instead into is it "
        "it'd it'll it's its itself just last least less let let's like ll made make makes many may maybe me might "
        "more most much must nor now of off often oh ok okay on once one ones only onto or other others otherwise "
        "over own per perhaps put quite rather re really s said same say says see seem seems seen several shall she'll "
        "should since so some someone something sometimes soon still such t take taken tell than that that's the "
        "then there there's therefore these thing things this those though through thus to together too took toward "
        "towards two under until up upon us used ve very via want wants was way we went were what what's whatever when "
        "where whether which while who who's whom whose why will with within would yet yes amp gt lt rt im dont wont "
        "cant didnt doesnt isnt".split()
    )
)
"""Words that say little by themselves: no term is one of them alone, or begins or ends with one."""
