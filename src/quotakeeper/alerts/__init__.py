"""Sends alerts: reads what happened in the journal, and delivers it to channels at least once."""
