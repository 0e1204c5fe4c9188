"""The command `quotakeeper completion`: its options, and the scripts that it prints."""
