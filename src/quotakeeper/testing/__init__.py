"""Tools to test programs that use quotakeeper, and to test other implementations of a store."""

from quotakeeper.testing.clock import FakeClock

__all__ = ["FakeClock"]
