"""The command `quotakeeper reconcile`: options, action and output."""
