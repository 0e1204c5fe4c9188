"""TokenCalculator, the simplest interface to the ledger.

docs/en/explanation/brief.md describes the project brief, which specifies its methods.
"""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
