"""Formats text lines that several commands print: events, limits, forecasts."""
