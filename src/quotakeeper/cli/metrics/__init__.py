"""The command `quotakeeper metrics`: options and action."""
