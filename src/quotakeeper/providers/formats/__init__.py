"""Bytes into documents: content encodings, server-sent events, JSON arrays, form parts. Pure."""
