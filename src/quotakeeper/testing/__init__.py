"""Tools to test programs that use quotakeeper, and to test stores that other people write."""

from quotakeeper.testing.clock import FakeClock

__all__ = ["FakeClock"]
