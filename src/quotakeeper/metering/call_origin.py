"""Where a call comes from, if a gateway meters it for somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quotakeeper.providers.contract import NOTHING, Adapter, Call, Refusal
from quotakeeper.value_classes import dataclass, field

CheckCall = Callable[[Adapter, Call], Refusal | None]


@dataclass(frozen=True, slots=True)
class CallOrigin:
    """The sender of a call and the address that it goes to.

    - `scope`: the labels of the call, in place of the meter's own.
    - `known_hosts`: "host[:port][/prefix]" -> a provider's name, in place of the meter's own.
    - `on_limit`: what a limit without room does with the call; "" for the keeper's own policy.
    - `among`: the adapters to try.
    - `check`: called with each recognised call before it is reserved. It returns the answer for a
      call that the sender may not make, else None.
    """

    scope: Mapping[str, str]
    known_hosts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    among: tuple[Adapter, ...] | None = None
    check: CheckCall | None = None
    on_limit: str = ""

    def refusal(self, adapter: Adapter, call: Call) -> Refusal | None:
        """Return the answer for a call that the sender may not make; else None."""
        return None if self.check is None else self.check(adapter, call)
