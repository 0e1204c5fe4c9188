"""Starts a program with the hooks on its PYTHONPATH, and waits for its end."""
