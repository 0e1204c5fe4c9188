"""Formats text output: languages, figures, tables."""
