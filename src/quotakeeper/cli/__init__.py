"""The command line. `bare` needs only the standard library; `app` needs the packages of the extra
`cli`."""
