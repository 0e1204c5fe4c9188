"""One module per library: `install(module)` patches the library; `uninstall()` removes the patches."""
