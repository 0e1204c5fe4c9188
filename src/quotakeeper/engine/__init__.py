"""The engine: one worker thread owns the store; threads and coroutines send it commands and wait."""
