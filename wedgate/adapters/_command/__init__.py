"""The private parts of the command target: the protocol, the fence that wedgate keeps for it, and its settings."""
