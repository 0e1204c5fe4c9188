"""Metering from inside: hooks under the HTTP libraries, so that a program need not be changed.

`finder` waits for a library to be imported and has it hooked; a hook asks `passage` before a call
leaves; `passage` asks the `meter` of this process, which reserves, reads along and settles.
"""
