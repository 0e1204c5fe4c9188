"""The life of a metered call: reserved, sent, read, settled. No HTTP library is named here."""
