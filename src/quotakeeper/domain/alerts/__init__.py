"""Alerts: what people are told about limits, refusals, prices and pauses, and its delivery."""
