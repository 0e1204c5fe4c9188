"""Reads usage from the bytes of requests and responses."""
