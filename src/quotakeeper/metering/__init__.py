"""Meters calls: reserves, reads the answer, settles. This package imports no HTTP library."""
