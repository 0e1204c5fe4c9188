"""The dashboard: a page on this machine that shows the overview of a ledger and follows it."""
