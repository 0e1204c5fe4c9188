"""TokenCalculator, the simplest interface to the ledger.

The project brief specifies the methods of TokenCalculator; docs/en/explanation/brief.md describes
the brief.
"""

from quotakeeper.calculator.calculator import TokenCalculator

__all__ = ["TokenCalculator"]
