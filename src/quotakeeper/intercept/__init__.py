"""Metering from inside: hooks under the HTTP libraries, so that a program need not be changed.

`import_hook` waits until the program imports a library and installs the hook for it. Before a call
leaves, a hook asks `http_gate` or `socket_gate`; these ask the meter of this process, which reserves
the call, reads its answer along and settles it.
"""
