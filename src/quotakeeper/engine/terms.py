"""The conditions of one call besides its figures: output cap, waiting, reasons for its amounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper.domain.decisions import HoldBasis, OutputCap
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.units import Quantities
from quotakeeper.value_classes import dataclass, field

OUTPUT = "output_tokens"
# Names of arguments of `Keeper.reserve` that are not quantities.
AT_ONCE, OUTPUT_CAP, ON_LIMIT = "at_once", "output_cap", "on_limit"

CapOfCall = Callable[[], OutputCap | None]


@dataclass(slots=True)
class Terms:
    """The conditions under which one call is admitted.

    - `at_once`: True if the call does not wait, and its output cap is not lowered.
    - `output_cap`: returns the output cap in the request. Called only if a limit refuses the call.
    - `hold`, `calls`, `most`, `not_clamped`: see HoldBasis.
    - `fits_lowered`: True if the call, with a lower output cap, would fit without the calls under
      way.
    """

    at_once: bool = False
    output_cap: CapOfCall | None = None
    hold: str = "worst_case"
    calls: int = 0
    most: Quantities | None = None
    not_clamped: str = ""
    fits_lowered: bool = False
    _cap: OutputCap | None = field(default=None, init=False)
    _asked: bool = field(default=False, init=False)

    def cap(self, quantities: Quantities) -> OutputCap | None:
        """Return the output cap of the call; None if there is none.

        Without a function `output_cap`, the cap is the argument `output_tokens`.
        """
        if not self._asked:
            self._asked = True
            if self.output_cap is not None:
                self._cap = self.output_cap()
            elif quantities.get(OUTPUT):
                self._cap = OutputCap(OUTPUT, is_named=True)
        return self._cap

    def basis(self, figures: Figures, **more: Any) -> HoldBasis:
        """Return the basis of a decision: the reserved amounts in `figures` and the reasons for
        them."""
        cap = self.cap(figures.quantities)
        reasons = {} if cap is None or not cap.reason else {OUTPUT: cap.reason}
        return HoldBasis(
            figures.quantities, figures.cost_pico, self.most or figures.quantities, self.hold,
            self.calls, reasons, not_clamped=self.not_clamped, **more,
        )  # fmt: skip


def terms_of(quantities: dict[str, Any]) -> Terms:
    """Remove the arguments of `Keeper.reserve` that are not quantities, and return them as
    Terms."""
    return Terms(bool(quantities.pop(AT_ONCE, False)), quantities.pop(OUTPUT_CAP, None))
