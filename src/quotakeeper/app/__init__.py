"""The use cases of the commands, with only the standard library. No use case prints or sends HTTP
requests."""
