"""The options that let a language model take part, shared by the commands that can ask one.

Parses alone. Must never know what is asked, import a model library, or read a key.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..tools.errors import UsageError
from .privacy import PRIVACIES

if TYPE_CHECKING:
    from .model import ModelSettings

_MODEL = (
    click.option("--model", metavar="PROVIDER:NAME", help="A language model, such as openai:gpt-4.1; default: none."),
    click.option(
        "--max-calls", type=click.IntRange(1, 1_000), default=12, show_default=True,
        help="Calls of it for one report or one answer.",
    ),
    click.option(
        "--max-tokens", type=click.IntRange(1_000), default=60_000, show_default=True,
        help="Input tokens of these calls together.",
    ),
    click.option("--timeout", type=click.FloatRange(1), default=120, show_default=True, help="Seconds for one reply."),
    click.option(
        "--privacy", type=click.Choice(PRIVACIES), default="profile", show_default=True,
        help="What it may be told: names, aggregates of ten rows or more, or redacted values too.",
    ),
    click.option("--send-documents", is_flag=True, help="It may read redacted documents whatever `--privacy` says."),
    click.option(
        "--max-judged", type=click.IntRange(0, 100_000), default=400, show_default=True,
        help="Documents of a side that each of its yes/no questions is asked about.",
    ),
    click.option("--no-sql", is_flag=True, help="It writes no SQL."),
    click.option("--show-prompts", is_flag=True, help="Print the first request that would be sent, and send nothing."),
)  # fmt: skip


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options on a language model; `settings_of` takes them out again."""
    for option in reversed(_MODEL):
        command = option(command)
    return command


def embeddings_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option on what places documents by what they mean."""
    text = "Embeddings that place documents where themes are sought; those of an endpoint need `--privacy sample`."
    return click.option("--embeddings", metavar="local|openai:NAME", help=text)(command)


def settings_of(options: dict[str, Any]) -> "ModelSettings | None":
    """The model's settings, taken out of the options; None where no model was named. `show_prompts` stays there.

    Raises:
        UsageError: if prompts are to be shown of no model.
    """
    name = options.pop("model")
    given = {key: options.pop(key) for key in ("max_calls", "max_tokens", "timeout", "privacy", "max_judged")}
    given["documents"] = options.pop("send_documents")
    if options.get("embeddings"):
        options["privacy"] = "sample" if given["documents"] and given["privacy"] != "none" else given["privacy"]
    sql = not options.pop("no_sql")
    if not name:
        if options.get("show_prompts"):
            raise UsageError("`--show-prompts` shows what a model would be sent: name one with `--model`.")
        return None
    from .model import ModelSettings

    return ModelSettings(name=name, sql=sql, **given)
