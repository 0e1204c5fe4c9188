"""Plans a folder of media: what the files will cost, and when the limits have room for each."""
