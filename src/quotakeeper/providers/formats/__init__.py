"""Parses bytes: content encodings, server-sent events, JSON arrays, form parts. Pure functions."""
