"""Texts for people: languages, figures, tables."""
