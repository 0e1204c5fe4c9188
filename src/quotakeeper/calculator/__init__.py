"""The simplest way in: the brief's TokenCalculator, over the ledger."""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
