"""What several commands show: events, limits and their forecasts, as lines for people."""
