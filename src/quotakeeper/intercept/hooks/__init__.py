"""One module per library: `install(module)` patches the library once; `uninstall()` removes the
patches.
"""
