"""The parts of `./dev`. They use the standard library only, and the package never imports them."""
