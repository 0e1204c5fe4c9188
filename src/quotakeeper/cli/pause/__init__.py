"""The command `quotakeeper pause`: options, action and output."""
