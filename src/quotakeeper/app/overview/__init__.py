"""The overview: whether calls are refused, what was spent, by whom, and how the figures are known."""
