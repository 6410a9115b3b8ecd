"""What a report says of a language model's part: who drafted what, what was worded, what it cost, what it would ask.

Knows a result. Must never know a page's markup, nor let a word of the model pass for a finding.
"""

from ..usage import ModelUsage, spent
from . import words
from .result import Result

TITLE = "In short"
QUESTIONS = "What the model would ask (its words, not findings)"
_MOST_QUESTIONS = 5


def model_line(result: Result) -> str:
    """One sentence on who drafted; empty where nothing was drafted from leads."""
    usage = result.model
    if usage is None:
        drafted = any(f.source == "rule" for f in result.findings)
        return "Drafted by rule; no language model took part." if drafted else ""
    own = sum(f.source == "model" for f in result.findings)
    both = sum(f.source == "both" for f in result.findings)
    name, every = words.clean(usage.id), words.many(len(result.findings), "hypothesis", "hypotheses")
    if own + both:
        text = f"{name} drafted {own:,} of {every} on its own and {both:,} that a rule drafted as well, in "
        text += f"{spent(usage)}. What it picked comes first."
    else:
        text = f"Rules drafted {every}; {name} drafted none of them, in {spent(usage)}."
    if usage.failure:
        text += f" It did not come to an end: {words.clean(usage.failure)}"
    return text


def worded_line(result: Result) -> str:
    """Who worded the summary and what vouches for it; empty where there is none."""
    if not result.summary or result.model is None:
        return ""
    dropped = result.model.dropped_sentences
    text = f"Worded by {words.clean(result.model.id)}; code filled in every figure and checked every sentence"
    out = f", and took out {words.many(dropped, 'sentence')} that did not fit the evidence" if dropped else ""
    return f"{text}{out}."


def questions(result: Result) -> tuple[str, ...]:
    """What the model would ask a person who knows these data, as quotations."""
    asked = () if result.model is None else result.model.open_questions
    return tuple(f"“{words.clean(q)[:300]}”" for q in asked[:_MOST_QUESTIONS])


def model_method(result: Result) -> str:
    """The model's part as the methods tell it."""
    usage = result.model
    if usage is None:
        return "No language model took part: hypotheses were drafted by rule."
    prompts = ", ".join(f"{p.name} {p.version} (sha256 {p.sha256[:12]})" for p in usage.prompts)
    return (
        f"The language model {words.clean(usage.id)} saw exploration rows alone, through tools and within its privacy "
        "mode, and proposed hypotheses; it set no level, no smallest effect, no test and no outcome, and saw no sealed "
        f"row. {_answered(usage)}It took {spent(usage)}. Prompts: {prompts}."
    )


def _answered(usage: ModelUsage) -> str:
    if usage.judged is None:
        return ""
    return (
        "It answered yes/no questions about documents, each time seeing texts alone, without group, outcome or any "
        "other column; held-out documents only after the ledger said that they were being opened. "
    )
