"""The closed lists of English words that measures of texts count.

Knows the lists alone, the same as the product's (a test holds them to that): a list is a definition, not a figure.
"""

LISTS = {
    "first person singular": frozenset("i i'd i'll i'm i've im ive me mine my myself".split()),
    "first person plural": frozenset("our ours ourselves us we we'd we'll we're we've".split()),
    "second person": frozenset("u ur you you'd you'll you're you've your yours yourself yourselves".split()),
    "third person": frozenset(
        (
            "he he's her hers herself him himself his she she's their theirs them themselves they they'd they're "
            "they've"
        ).split()
    ),
    "negations": frozenset(
        (
            "ain't aren't can't cannot couldn't didn't doesn't don't hadn't hasn't haven't isn't neither never no "
            "nobody none nor not nothing nowhere shouldn't wasn't weren't without won't wouldn't"
        ).split()
    ),
    "praise": frozenset(
        (
            "amazing awesome beautiful best better brilliant charming clean clear comfortable delicious delight "
            "delightful easy effective efficient elegant enjoy enjoyable enjoyed excellent exceptional exciting "
            "fabulous fantastic fast favorite favourite fine flawless fresh friendly fun generous glad good gorgeous "
            "grateful great happy helpful honest hope hopeful impressed impressive incredible interesting kind like "
            "liked love loved lovely luxurious memorable nice outstanding perfect perfectly pleasant pleased pleasure "
            "polite positive powerful pretty prompt proud quality quick recommend recommended refreshing reliable "
            "right safe satisfied sincere smart smooth solid spacious special spectacular spotless strong stunning "
            "success successful super superb sweet terrific thank thanks thoughtful top touching true welcome "
            "welcoming well win wonderful worth worthy wow"
        ).split()
    ),
    "blame": frozenset(
        (
            "abysmal angry annoyed annoying appalling awful awkward bad badly bland boring bother broken cancelled "
            "cheap complain complaint confused confusing crap cruel damage damaged damn dangerous dated delay delayed "
            "dirty disappointed disappointing disappointment disaster disgusting dreadful dull embarrassing error "
            "evil expensive fail failed fails failure fake fault faulty filthy flaw flawed frustrated frustrating "
            "garbage grim guilty harm hate hated horrible horrific hurt idiot ignored incompetent insult irritating "
            "joke lack lame late lazy lie lied lies lose losing loss lost lousy mediocre mess messy miserable miss "
            "missed missing mistake mistakes nasty negative noisy odd old outdated overpriced pain painful pathetic "
            "pointless poor poorly problem problems refuse refused ridiculous rough rude sad scam shame shameful slow "
            "smelly sorry stale stolen stuck stupid suck sucks terrible tired trouble ugly unacceptable unbelievable "
            "uncomfortable unfortunately unhappy unhelpful unprofessional upset useless waste wasted weak weird worse "
            "worst worthless wrong"
        ).split()
    ),
}
