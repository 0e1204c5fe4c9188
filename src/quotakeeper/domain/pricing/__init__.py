"""What a call costs: price rows, and which of the rows apply."""
