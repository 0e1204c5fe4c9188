"""Starts a program with the hooks on its path, and waits for its end."""
