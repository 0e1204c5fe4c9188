"""The gateway: meters the calls that programs in any language send through it, by their keys."""
