"""The command line. `bare` needs only the standard library; `app` needs the extra `cli`."""
