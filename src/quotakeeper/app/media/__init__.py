"""Audio and video files on this machine: how to find them, and how long each one plays."""
