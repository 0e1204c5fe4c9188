"""Corrects the usage of an answer that does not report it.

A client may choose what an answer contains. So the gateway does not estimate from the answer what
the call used: the call counts as the most that it can have used.
"""

from __future__ import annotations

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.contract import Call, Usage
from quotakeeper.value_classes import replace

_NOTE = "the answer has no usage that can be read, so the most that the call can use is counted"
_KNOWN = (Provenance.REPORTED, Provenance.TOKENIZER)


def reported_or_most(call: Call, usage: Usage) -> Usage:
    """Return the usage of a whole answer if it was reported; else the upper bound, as assumed.

    The usage that the request itself determines stays, such as the characters of a text to speak.
    """
    has_tokens = any(name.endswith("tokens") for name in call.bound)
    is_fixed = not has_tokens and dict(call.bound) == dict(call.typical)
    if not call.billed or usage.provenance in _KNOWN or is_fixed:
        return usage
    most = {name: max(n, usage.quantities.get(name, 0)) for name, n in call.bound.items()}
    return replace(
        usage, quantities={**usage.quantities, **most}, provenance=Provenance.ASSUMED, note=_NOTE
    )
