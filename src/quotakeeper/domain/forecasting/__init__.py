"""Sums of usage over time, and the forecasts and plans that are computed from these sums."""
