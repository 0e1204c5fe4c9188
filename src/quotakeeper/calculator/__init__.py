"""The simplest interface: the TokenCalculator of the project brief, which uses the ledger."""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
