"""Dated prices: what a call costs, by the row that was in force when it was made."""

from quotakeeper.catalogue.loader import load_snapshot
from quotakeeper.catalogue.snapshot import PriceSnapshot

__all__ = ["PriceSnapshot", "load_snapshot"]
