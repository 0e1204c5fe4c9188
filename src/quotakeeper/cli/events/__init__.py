"""The command `quotakeeper events`: options, action and output."""
