"""Audio and video files on this machine: finds them and measures how long they play."""
