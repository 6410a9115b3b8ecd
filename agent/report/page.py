"""What every page is made of: its environment, its content policy, names, images and trusted style.

Knows templates and escaping. Must never know which page it is, nor build markup from data outside of `named`. A page
allows itself one style block by its hash and images from its own text, and nothing else.
"""

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from . import words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_PERCENT = re.compile(r"(\d) %")


def environment() -> "Environment":
    """Templates that escape every value, refuse an unknown one, and have the filters `named` and `clean`."""
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["named"] = named
    made.filters["clean"] = words.clean
    return made


def content_policy(style: str) -> str:
    """The content security policy that allows this one style block and images inside the page."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def named(text: str) -> "Markup":
    """`text` escaped, with what stands between backticks as a name."""
    from markupsafe import Markup, escape

    name = Markup("<code>{}</code>")
    return Markup("").join(
        name.format(part) if is_name else escape(_PERCENT.sub("\\1\u00a0%", part))
        for is_name, part in words.parts(text)
    )


def address(drawing: str) -> str:
    """An SVG drawing as an address that holds the whole image."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode("utf-8", "replace")).decode()


def trusted(style: str) -> "Markup":
    """A style sheet of this package, which holds no data."""
    from markupsafe import Markup

    return Markup(style)
