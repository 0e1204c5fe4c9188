"""What `./dev` is made of: the standard library only, never imported by the package."""
