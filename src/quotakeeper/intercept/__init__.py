"""Hooks in HTTP and WebSocket libraries, which meter a program's calls without changes to the
program.

`import_hook` waits until the program imports a library, and then installs the hook for it. Before a
request is sent, the hook calls `http_gate` or `socket_gate`, which calls the meter of this process.
The meter reserves the call, reads the answer as the program reads it, and settles the call.
"""
