"""Plans the work on a folder of media: what each file will cost, and when the limits allow the file."""
