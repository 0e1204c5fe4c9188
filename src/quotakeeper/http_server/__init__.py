"""A guarded HTTP/1.1 server: strict parsing of heads and bodies, time limits, connections, sockets."""
