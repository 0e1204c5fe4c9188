"""What a folder of media will cost, and when its files fit."""
