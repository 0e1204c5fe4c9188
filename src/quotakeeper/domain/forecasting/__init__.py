"""Usage added up over time, and what follows from it."""
