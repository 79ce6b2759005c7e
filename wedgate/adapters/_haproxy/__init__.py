"""The private client of HAProxy: its admin socket, the file of weights that it reads when it starts, settings."""
