"""The commands as click sees them: names, options, help. What they do is one folder up."""
