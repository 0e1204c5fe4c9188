"""The rules: pure functions over plain values. No clock, no disk, no network, no environment."""
