"""Dated prices: the cost of a call by the price row that was in force when the call was made."""

from quotakeeper.catalogue.loader import load_snapshot
from quotakeeper.catalogue.snapshot import PriceSnapshot

__all__ = ["PriceSnapshot", "load_snapshot"]
