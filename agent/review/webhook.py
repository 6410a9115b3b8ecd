"""Sends one message to the address that an environment variable holds.

Knows an address for as long as it takes to send. Must never show it: an incoming webhook's address is its key. So it is
named by reference alone (`${SLACK_URL}`), no error carries it, and a redirect is not followed, which could take the
message to another place.
"""

import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ...tools.errors import UsageError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OWN = ("localhost", "127.0.0.1", "::1")
TIMEOUT = 10.0
"""Seconds that the other side may take to answer."""


def address_of(reference: str, environ: Mapping[str, str] | None = None) -> str:
    """The address that `${NAME}` stands for: https, or http on this machine.

    Raises:
        UsageError: if it is no reference, the variable is not set, or its address is not of that kind. The text names
            the variable and never what it holds.
    """
    found = _REFERENCE.fullmatch(reference.strip())
    if found is None:
        raise UsageError(
            "`--webhook` takes a reference to the environment, such as '${SLACK_URL}', and no address: one that stands "
            "in a command ends in logs."
        )
    name = found[1]
    value = (os.environ if environ is None else environ).get(name, "").strip()
    if not value:
        raise UsageError(f"The environment variable {name!r} that `--webhook` names is not set.")
    if not _sendable(value):
        raise UsageError(
            f"The environment variable {name!r} must hold an address that begins with 'https://', or with 'http://' on "
            "this machine."
        )
    return value


def send(
    message: Mapping[str, Any], reference: str, *, environ: Mapping[str, str] | None = None, timeout: float = TIMEOUT
) -> str | None:
    """None where the message was taken; else one sentence for the user, who must not take the review for failed.

    Args:
        message: What `payload` made.
        reference: `${NAME}` of the variable that holds the address.
        environ: The environment; that of the process when None.
        timeout: Seconds that the other side may take.

    Raises:
        UsageError: as `address_of`.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request

    url = address_of(reference, environ)
    body = json.dumps(message, ensure_ascii=True, sort_keys=True).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "heldout"}
    try:
        with _opener().open(Request(url, data=body, headers=headers, method="POST"), timeout=timeout) as answer:
            answer.read(1024)
        return None
    except HTTPError as err:
        err.close()
        return f"The webhook of {reference} answered {err.code}; the message was not delivered."
    except (OSError, HTTPException, ValueError) as err:  # their texts may hold the address
        return f"The webhook of {reference} could not be reached ({type(err).__name__}); the message was not delivered."


def _sendable(value: str) -> bool:
    if not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port  # a port that is no number raises
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _OWN))


def _opener() -> Any:
    """An opener that sends once and to no other place."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args: object, **kwargs: object) -> None:
            del args, kwargs

    return build_opener(Stay)
