"""TokenCalculator, the simplest interface: the methods that the project brief specifies, on the ledger."""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
