"""Sound and film files on this machine: which there are, and how long each is."""
