"""The command `quotakeeper leases`: options, action and output."""
