"""Dated prices: the cost of a call is computed from the prices that were in force at its time."""

from quotakeeper.catalogue.loader import load_snapshot
from quotakeeper.catalogue.snapshot import PriceSnapshot

__all__ = ["PriceSnapshot", "load_snapshot"]
