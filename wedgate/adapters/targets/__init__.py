"""Where traffic is shifted: one target per region."""
