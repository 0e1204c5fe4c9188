"""For tests of programs that use quotakeeper, and of stores that others write."""

from quotakeeper.testing.clock import FakeClock

__all__ = ["FakeClock"]
