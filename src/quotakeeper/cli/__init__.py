"""The command line. `plain` needs the standard library only; `app` needs the extra `cli`."""
