"""The language of a document, by its script and by the short words that a language cannot do without.

Knows characters and closed lists of frequent words. Must never know a corpus or a column. The lists are the most
frequent function words of each language, picked by hand; a short document without any of them is told as unknown,
and a language that is not listed goes as unknown or, where it shares many short words, as a near relative.
"""

from collections.abc import Sequence

UNKNOWN = "und"
"""Undetermined, by the code of ISO 639-2."""
LOOKED_AT = 300
"""Words of a document that are looked at."""
_LEAST_SHARE = 0.1
_LEAST_HITS = 2
_STOP_WORDS = {
    "en": "the of and to in is that it for was with as his on be at by had not are but from have they you which she we "
    "this would there been were their what has when who will my your if so can just i'm don't it's how i me am do",
    "de": "der die das und ist nicht ich sie es den mit sich ein eine zu auf für dem im auch von des wie war wird noch "
    "nach aus bei nur oder aber vor zur zum bis dass wir mich mir haben hat einen einer kann sind wenn ihr",
    "fr": "le la les de des et est un une que qui dans pour pas plus sur au avec ce il elle sont nous vous mais ou où "
    "par je ne se son sa ses aux cette être très fait tout même j'ai c'est d'un qu'il l'on ont été du en",
    "es": "el la los las de y que es un una en por con no para se lo su al del más pero como sus le ya muy está fue ha "
    "este sí porque esta entre cuando todo sin sobre también hasta hay donde quien desde nos mi yo",
    "it": "il lo la gli le di e che è un una per non con del della dei nel alla sono ho ha si ma come anche più questo "
    "questa mi ci al dal su se era molto perché tutto tutti essere stato delle nella io ed",
    "pt": "o os as de e que é um uma em não por para com do da dos das no na nos se mas mais como foi ao ele ela seu "
    "sua ou quando muito já eu também só pelo pela até isso são está você tem ser",
    "nl": "de het een en van ik je dat die is niet in te zijn op voor met er aan maar om hem dan zou wat mijn dit zo "
    "door over ze zich bij ook tot uit naar heb hoe heeft hebben deze want nog worden geen was wordt",
    "sv": "och att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när nu "
    "där skulle vid under också efter mycket eller hade utan ska mig du vad alla",
    "da": "og at det som en på er af for med til den har de ikke om et han men var jeg sig fra vi så kan når nu der "
    "skulle ved under også efter meget eller havde uden skal mig du hvad alle kun blev nogle",
    "no": "og at det som en på er av for med til den har de ikke om et han men var jeg seg fra vi så kan når nå der "
    "skulle ved under også etter mye eller hadde uten skal meg du hva alle bare ble noen",
    "fi": "ja on ei se että hän oli mutta niin kun myös kuin tai ovat joka vain jos sen ole olen minä sinä mitä nyt "
    "sitten jo vielä hyvin tämä siitä hänen ollut voi sekä",
    "pl": "i w na nie się z do to że jest jak ale po co tak za od o już tylko był była być przez przy dla czy jego jej "
    "są może kiedy mnie ja ten tego który bardzo",
    "cs": "a v na se je že to s z do o i jako by ale k ve od jsem za pro po tak si jeho co jsou byl už když jen nebo "
    "být jak ho bylo který která jste není",
    "ro": "și de la a în o un este cu nu pe că din mai pentru care se ce sau dar sunt fi am ai au lui ei foarte când "
    "fost să le prin după fără acest această",
    "hu": "a az és hogy nem is egy ez van volt meg de csak már mint ha vagy ki el még én azt nagyon minden lesz ezt "
    "kell sem mert amikor",
    "tr": "ve bir bu da de için ile çok ne daha ama gibi var olarak ben o sen mi kadar en değil sonra her şey diye ki "
    "olan ya yok benim bana",
    "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada oleh sudah atau bisa "
    "kami mereka kita lebih telah seperti aku kamu",
    "vi": "và của là có không được cho một trong với những các người này đã để khi như đến ra từ tôi nhưng cũng thì",
    "ru": "и в не на я что он с как это по но она из у за так же от бы все его был мне для вы уже только о мы ее "
    "когда если или было еще нет да к а то",
    "uk": "і в не на я що він з як це по але вона із у за так же від би всі його був мені для ви вже тільки про ми її "
    "коли якщо або було ще немає та до є",
    "bg": "и в не на аз че той с как това по но тя от у за така да би всички го беше ми вие вече само ние когато ако "
    "или още има са се е ще",
    "ar": "في من على أن إلى ما هذا لا عن كان التي الذي مع هذه هو هي أو ثم قد لم كل بعد بين ذلك و",
    "fa": "و در به از که این را با است برای آن یک خود تا بر هم نیز می کرد شد ها های بود ما",
    "ur": "کے میں کی ہے اور سے کا کو اس نے پر ہیں کہ یہ بھی کر نہیں تھا",
}  # fmt: skip
STOP_WORDS = {code: frozenset(words.split()) for code, words in _STOP_WORDS.items()}
ALL_STOP_WORDS = frozenset().union(*STOP_WORDS.values())
_SCRIPTS = (
    ("Hangul", "ko", ((0x1100, 0x11FF), (0xAC00, 0xD7AF))),
    ("kana", "ja", ((0x3040, 0x30FF),)),
    ("Han", "zh", ((0x3400, 0x4DBF), (0x4E00, 0x9FFF))),
    ("Devanagari", "hi", ((0x0900, 0x097F),)),
    ("Thai", "th", ((0x0E00, 0x0E7F),)),
    ("Greek", "el", ((0x0370, 0x03FF), (0x1F00, 0x1FFF))),
    ("Hebrew", "he", ((0x0590, 0x05FF),)),
    ("Georgian", "ka", ((0x10A0, 0x10FF),)),
    ("Armenian", "hy", ((0x0530, 0x058F),)),
    ("Bengali", "bn", ((0x0980, 0x09FF),)),
    ("Tamil", "ta", ((0x0B80, 0x0BFF),)),
)  # fmt: skip
"""Scripts that one common language is written in, with the code that stands for it."""
_FIRST = min(a for _, _, spans in _SCRIPTS for a, _ in spans)
_OF_WORD: dict[str, tuple[str, ...]] = {}
for _code, _words in STOP_WORDS.items():
    for _word in sorted(_words):
        _OF_WORD[_word] = (*_OF_WORD.get(_word, ()), _code)


def language_of(text: str, words: Sequence[str]) -> str:
    """The code of the document's language (ISO 639-1), `und` where it cannot be told.

    A script that one common language is written in decides (Japanese by its kana, else Chinese). Else the language
    whose short words make up most of the first 300 words, at least a tenth of them and two of them, if no other
    language comes as close as that; shared short words count for each.

    Args:
        text: The document.
        words: Its words, by `words_of`.
    """
    script = _by_script(text[: 12 * LOOKED_AT])
    if script is not None:
        return script
    looked = words[:LOOKED_AT]
    hits: dict[str, int] = {}
    for word in looked:
        for code in _OF_WORD.get(word, ()):
            hits[code] = hits.get(code, 0) + 1
    best = sorted(hits.items(), key=lambda it: (-it[1], it[0]))
    if not best or best[0][1] < max(_LEAST_HITS, _LEAST_SHARE * len(looked)):
        return UNKNOWN
    tied = len(best) > 1 and best[0][1] == best[1][1]
    return UNKNOWN if tied else best[0][0]


def _by_script(text: str) -> str | None:
    if text.isascii():
        return None
    letters = [ord(c) for c in text if c.isalpha()]
    far = [c for c in letters if c >= _FIRST]
    counts = {code: sum(any(a <= c <= b for a, b in spans) for c in far) for _, code, spans in _SCRIPTS}
    if counts["ja"] >= 0.1 * len(letters) > 0:
        return "ja"
    code = max(counts, key=lambda c: (counts[c], c))
    return code if counts[code] > 0.5 * len(letters) else None
