"""Usage summed over time, and the forecasts and plans that are computed from it."""
