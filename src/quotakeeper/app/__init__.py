"""The use cases of the commands. They use only the standard library, print nothing and send no HTTP
requests."""
