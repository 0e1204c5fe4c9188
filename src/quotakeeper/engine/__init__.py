"""The engine: threads and coroutines send commands to one worker thread, which owns the store."""
