"""Hooks under HTTP and WebSocket libraries that meter a program's calls without changing it.

`import_hook` waits until the program imports a library, then installs the hook for that library.
Before a request is sent, the hook asks `http_gate` or `socket_gate`. The gate asks the meter of
this process. The meter reserves the call, reads the answer as the program reads it, and settles the
call.
"""
