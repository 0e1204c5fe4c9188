"""Text output: languages, figures, tables."""
