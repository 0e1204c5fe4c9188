"""`quotakeeper completion`: its options, what it does, and the scripts that it prints."""
