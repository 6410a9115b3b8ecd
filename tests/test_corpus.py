"""What is told of a corpus is right: languages, lengths, boilerplate, repeats and frequent words, in any order."""

import random

import pytest

from heldout.tools.text.corpus import SAMPLE, describe_corpus
from heldout.tools.text.languages import language_of
from heldout.tools.text.summary import TextSummary
from heldout.tools.text.words import words_of

SAID = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience "
    "and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de consciência "
    "devem agir uns para com os outros em espírito de fraternidade.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och "
    "bör handla gentemot varandra i en anda av broderskap.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja "
    "omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и "
    "должны поступать в отношении друг друга в духе братства.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і "
    "повинні діяти у відношенні один до одного в дусі братерства.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا "
    "وعليهم أن يعامل بعضهم بعضا بروح من الإخاء.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "zh": "人人生而自由，在尊严和权利上一律平等。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
}  # fmt: skip
"""Article 1 of the Universal Declaration of Human Rights."""


@pytest.mark.parametrize("code", SAID)
def test_the_first_article_of_human_rights_is_known_in_each_language(code: str) -> None:
    assert language_of(SAID[code], words_of(SAID[code])) == code


@pytest.mark.parametrize("text", ["", "Ok", "Abigail", "xkcd qwertz uiop asdf", "12 34 56", "🙂🙂"])
def test_what_cannot_be_told_is_not_guessed(text: str) -> None:
    assert language_of(text, words_of(text)) == "und"


NOUNS = [
    f"{a}{b}"
    for a in ("ferry", "lantern", "orchard", "pepper", "saddle", "timber")
    for b in ("man", "wood", "ship", "hand")
]
VERBS = "carries follows leaves meets passes repairs sells watches".split()


def _documents() -> list[str | None]:
    rng = random.Random(1)
    out: list[str | None] = []
    for i in range(200):
        body = ". ".join(f"The {rng.choice(NOUNS)} {rng.choice(VERBS)} the {rng.choice(NOUNS)}" for _ in range(6))
        foot = "\nSent from my telephone, please excuse brevity" if i % 4 == 0 else ""
        out.append(f"{body}.{foot}")
    return [*out, None, None, SAID["de"], SAID["fr"], SAID["fr"] + " Voilà."]


def test_the_facts_of_a_corpus_are_those_it_was_made_with() -> None:
    facts = describe_corpus("text", _documents())
    assert TextSummary(**facts).documents == 205
    assert facts["missing"] == 2
    assert facts["near_duplicates"] == 1
    assert facts["boilerplate"] == ("Sent from my telephone, please excuse brevity",)
    assert facts["languages"][0][0] == "en"
    assert dict(facts["languages"])["en"] == pytest.approx(200 / 203, abs=0.01)
    assert set(facts["terms"]) <= {*NOUNS, *VERBS}
    assert facts["words"][1] == 30


def test_a_phrase_inside_longer_documents_is_boilerplate_too() -> None:
    rng = random.Random(2)
    words = [f"{a}{b}" for a in "bcdfglmnprst" for b in ("alder", "ender", "indle", "oster", "unker")]
    notice = "this message is meant for the person named above and for nobody else"
    texts = [" ".join(rng.choices(words, k=40)) + (f" {notice}" if i % 5 == 0 else "") for i in range(100)]
    assert describe_corpus("t", texts)["boilerplate"] == (notice,)
    assert describe_corpus("t", [" ".join(rng.choices(words, k=40)) for _ in range(100)])["boilerplate"] == ()


def test_a_text_sent_again_is_no_boilerplate_of_the_corpus() -> None:
    rng = random.Random(3)
    words = [f"{a}{b}" for a in "bcdfglmnprst" for b in ("alder", "ender", "indle", "oster", "unker")]
    again = " ".join(rng.choices(words, k=30))
    texts = [f"{again} {rng.choice(words)}" for _ in range(20)] + [
        " ".join(rng.choices(words, k=30)) for _ in range(80)
    ]
    facts = describe_corpus("t", texts)
    assert facts["near_duplicates"] == 19
    assert facts["boilerplate"] == ()


def test_the_order_of_the_documents_changes_nothing() -> None:
    texts = _documents() * 3 + [f"document {i} says what no other says at all" for i in range(SAMPLE)]
    mixed = texts.copy()
    random.Random(4).shuffle(mixed)
    assert describe_corpus("t", texts) == describe_corpus("t", mixed)


def test_a_corpus_without_a_document_has_no_facts() -> None:
    assert describe_corpus("t", [None, None]) == {"column": "t", "documents": 2, "missing": 2}
    assert describe_corpus("t", []) == {"column": "t", "documents": 0, "missing": 0}
