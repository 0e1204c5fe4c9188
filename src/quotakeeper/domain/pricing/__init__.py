"""What a call costs: price rows, and which of them applies."""
