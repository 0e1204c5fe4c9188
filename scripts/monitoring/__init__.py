"""The panels and the alerts of deploy/, for scripts/make_monitoring.py."""
