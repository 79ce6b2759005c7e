"""What the simulated target and the simulated evidence share: files that processes share."""
