"""Tests the API keys: one free request to each provider lists its models or projects.

The caller sends the request. No text in this module holds a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from quotakeeper.app.setup_checks import Finding
from quotakeeper.config.key_names import USUAL_NAMES, key_for, names_for
from quotakeeper.config.provider_accounts import first_of
from quotakeeper.errors import InvalidInputError, ProviderError
from quotakeeper.value_classes import dataclass, field

TryKey = Callable[["KeyTrial", str], int]


@dataclass(frozen=True, slots=True)
class KeyTrial:
    """A free request that needs a valid key: GET `url` + `path`, with the key in the header `header`.

    `before_key` is the text before the key in the header. `others` are the other headers.
    `url_names` are the environment variables that can replace `url`.
    """

    provider: str
    url: str
    path: str
    header: str
    before_key: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    url_names: tuple[str, ...] = ()


TRIALS = (
    KeyTrial(
        "gemini", "https://generativelanguage.googleapis.com", "/v1beta/models?pageSize=1",
        "x-goog-api-key", url_names=("GOOGLE_GEMINI_BASE_URL",),
    ),
    KeyTrial(
        "deepgram", "https://api.deepgram.com", "/v1/projects", "Authorization", "Token ",
        url_names=("DEEPGRAM_BASE_URL",),
    ),
    KeyTrial(
        "openai", "https://api.openai.com", "/v1/models", "Authorization", "Bearer ",
        url_names=("OPENAI_BASE_URL",),
    ),
    KeyTrial(
        "anthropic", "https://api.anthropic.com", "/v1/models?limit=1", "x-api-key",
        others={"anthropic-version": "2023-06-01"}, url_names=("ANTHROPIC_BASE_URL",),
    ),
)  # fmt: skip


def key_finding(own: Mapping[str, str]) -> Finding:
    """Report which environment variables with API keys are set. Sends no request.

    `own` maps a provider to the variable that the config names for its key.
    """
    names = [name for provider in USUAL_NAMES if (name := key_for(provider, own)[0])]
    if not names:
        fix = "set GEMINI_API_KEY, or see: quotakeeper sandbox"
        return Finding("keys", "note", "no key is set; the sandbox needs none", fix, {})
    text = "set: {names}; to test them: quotakeeper doctor --keys"
    return Finding("keys", "ok", text, values={"names": ", ".join(names)})


def trial_findings(own: Mapping[str, str], try_key: TryKey) -> Iterator[Finding]:
    """Test every API key that is set. Also report each variable that the config names but that is
    not set.

    `own` maps a provider to the variable that the config names for its key.
    """
    tried = 0
    for trial in TRIALS:
        name, key = key_for(trial.provider, own)
        if key:
            tried += 1
            yield _tried(trial, name, key, try_key)
        elif trial.provider in own:
            values = {"name": own[trial.provider]}
            yield Finding(
                f"{trial.provider} key", "fail", "{name} is not set", "set {name}", values
            )
    if not tried:
        names = ", ".join(names_for(trial.provider, own)[-1] for trial in TRIALS)
        yield Finding("keys", "note", "no key is set", "set one of: {names}", {"names": names})


def address_of(trial: KeyTrial) -> str:
    """Return the base URL for the test of a key.

    The environment variables in `url_names` have precedence over the provider's own address.
    """
    return first_of(trial.url_names) or trial.url


def _tried(trial: KeyTrial, name: str, key: str, try_key: TryKey) -> Finding:
    what = f"{trial.provider} key"
    values: dict[str, object] = {"name": name, "provider": trial.provider}
    try:
        status = try_key(trial, key)
    except (InvalidInputError, ProviderError) as error:
        values["why"] = error.problem if isinstance(error, InvalidInputError) else str(error)
        fix = "try again when this machine has a network connection"
        return Finding(what, "warn", "{name} could not be tested: {why}", fix, values)
    values["status"] = status
    if 200 <= status < 300:
        return Finding(what, "ok", "{name} works: {provider} accepts the key", values=values)
    if status in (400, 401, 403):
        text = "{name} does not work: {provider} refuses the key (HTTP {status})"
        return Finding(what, "fail", text, "copy the key again into {name}", values)
    text = "{name} could not be tested: {provider} answered HTTP {status}"
    return Finding(what, "warn", text, "try again later", values)
