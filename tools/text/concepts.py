"""Short closed lists of everyday English words that mean nearly the same or belong together: husband and wife.

Knows the lists. Must never know a document. Words of one list may be told as one predicate where each of them tells
the same groups apart; a list never makes a predicate by itself, and no word outside the data is ever added. Picked by
hand from general vocabulary, not from any corpus; rough, like every thesaurus.
"""

from .lexicons import BLAME, PRAISE

_LISTS = (
    "husband wife spouse partner boyfriend girlfriend fiance family mother father mom dad parent son daughter "
    "child children kid baby sister brother aunt uncle grandmother grandfather cousin relative",
    "friend buddy mate pal colleague guest neighbor neighbour",
    "vacation holiday trip journey getaway honeymoon weekend anniversary birthday conference business travel tour "
    "visit",
    "bathroom bedroom room bed floor wall window door ceiling carpet shower bath tub sink kitchen lobby hallway "
    "corridor closet elevator stairs balcony sofa desk lamp pillow towel",
    "street corner block avenue road location downtown district neighborhood neighbourhood station subway parking "
    "river lake park bridge walk distance nearby near close across",
    "small large big tiny huge little spacious narrow wide tight short tall low high",
    "wait delay late hour minute hold stuck sit tarmac hang overnight",
    "cancel rebook reschedule refund rebooking reflight",
    "bag luggage baggage suitcase carry-on",
    "win won winner prize award reward claim cash bonus lottery draw jackpot voucher gift guaranteed",
    "call phone mobile text txt message msg sms reply dial ring number",
    "free offer discount sale deal bargain cheap save cost price rate",
    "thank thanks appreciate grateful cheers thx ty",
    "sorry apology apologize apologise regret",
    "hello hi hey morning evening night bye goodbye welcome",
    "lol haha hehe funny joke laugh fun",
    "love hug kiss miss dear darling sweet sweetheart babe heart",
    "happy glad joy cheerful smile delighted pleased",
    "sad cry tear unhappy lonely grief sorrow",
    "angry mad furious hate rage upset annoyed frustrated",
    "afraid fear scare scary horror terror fright panic worry",
    "terror terrorist terrorism attack bomb enemy threat violence kill murder weapon",
    "war army soldier military troop force battle defense defence navy peace",
    "economy economic job work worker business industry trade market wage employment unemployment growth",
    "tax budget deficit spending debt dollar money fund billion million percent",
    "health doctor hospital medical medicine care insurance medicare sick disease patient nurse",
    "school education student teacher college university class learn teach",
    "law court crime criminal police judge justice prison legal",
    "god faith pray prayer church bless religion holy lord",
    "freedom liberty democracy democratic free right vote election citizen",
    "country nation national people republic state america american",
    "food eat breakfast lunch dinner meal restaurant drink coffee tea beer wine bar",
    "weather rain snow storm wind cold hot sun winter summer",
    "film movie picture scene director actor actress plot script story character role performance",
    "play game team sport player match score",
    "car bus train taxi plane flight drive ride",
    "computer internet website online app software system site email",
    "service staff agent crew desk employee manager rep representative customer",
    "man men woman women boy girl guy lady male female",
    "year month week day today tomorrow yesterday tonight",
)


def concepts() -> tuple[frozenset[str], ...]:
    """The lists as sets, words of praise and of blame among them."""
    return (PRAISE, BLAME, *(frozenset(words.split()) for words in _LISTS))
