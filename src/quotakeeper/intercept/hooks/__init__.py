"""One module per library. `install(module)` patches the library, and `uninstall()` removes the
patches."""
