"""The simplest interface: the TokenCalculator of the project brief, on top of the ledger."""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
