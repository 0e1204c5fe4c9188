"""The admin API of a gateway: keys, limits, usage, events and the audit, over HTTP."""
