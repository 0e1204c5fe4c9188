"""Takes the key out of a request, from every place where an SDK puts it.

What is left has no key in it. Only that is recognised, sent and logged.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.keys import no_key
from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.value_classes import dataclass

_KEY_HEADERS = ("x-goog-api-key", "x-api-key", "api-key")
_SCHEMES = ("bearer", "token")
_PARAMETERS = ("key", "token", "access_token", "api_key")
_OPENAI_PROTOCOL = "openai-insecure-api-key."
_SECRET = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True, slots=True)
class Taken:
    """A request without its key. `protocols` are the subprotocols of a WebSocket without a key.

    `answered_protocol` is the one to answer with if the provider chose one that held the key.
    """

    secret: str
    target: str
    headers: Headers
    protocols: tuple[str, ...]
    answered_protocol: str = ""

    def __repr__(self) -> str:
        """Return the target, without the key."""
        return f"Taken({self.target.partition('?')[0]})"


def take_credentials(head: RequestHead) -> Taken:
    """Return the key of a request, and the request without it.

    Raises GatewayAnswerError: 401 without a key, 400 with two different keys.
    """
    found: list[str] = []
    target = _without_parameters(head.target, found)
    headers = tuple(each for each in head.headers if not _takes_header(*each, found))
    offered = [
        each.strip() for line in head.values("sec-websocket-protocol") for each in line.split(",")
    ]
    protocols, chosen = _without_key(offered, found)
    secrets = {each for each in found if each}
    if len(secrets) > 1:
        raise GatewayAnswerError(400, "two_keys", "the request has two different keys")
    secret = secrets.pop() if secrets else ""
    if not _SECRET.fullmatch(secret):
        raise no_key()
    return Taken(secret, target, headers, protocols, chosen)


def _without_parameters(target: str, found: list[str]) -> str:
    path, _, query = target.partition("?")
    kept = []
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if unquote_plus(name).lower() in _PARAMETERS:
            found.append(unquote_plus(value))
        else:
            kept.append(part)
    return f"{path}?{'&'.join(kept)}" if kept and kept != [""] else path


def _takes_header(name: str, value: str, found: list[str]) -> bool:
    lower = name.lower()
    if lower in _KEY_HEADERS:
        found.append(value)
    elif lower == "authorization":
        scheme, _, secret = value.partition(" ")
        if scheme.lower() in _SCHEMES:
            found.append(secret.strip())
        else:
            found.append("")  # another scheme is no key: 401
    else:
        return lower == "sec-websocket-protocol"
    return True


def _without_key(offered: list[str], found: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the subprotocols without a key, and the scheme that came before the key, or "".

    Deepgram's clients offer `token, KEY`; OpenAI's `realtime, openai-insecure-api-key.KEY`.
    """
    if len(offered) >= 2 and offered[0].lower() in _SCHEMES:
        found.append(offered[1])
        return tuple(offered[2:]), offered[0]
    kept = []
    for each in offered:
        if each.startswith(_OPENAI_PROTOCOL):
            found.append(each.removeprefix(_OPENAI_PROTOCOL))
        else:
            kept.append(each)
    return tuple(kept), ""
