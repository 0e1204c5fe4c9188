"""One module for each library: `install(module)` patches it, once; `uninstall()` takes that back."""
