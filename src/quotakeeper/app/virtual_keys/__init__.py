"""Virtual keys: create and change them, accept or refuse a presented secret, and show their limits."""
