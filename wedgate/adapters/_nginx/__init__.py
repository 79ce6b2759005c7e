"""The private parts of the nginx target: the sets of buckets that nginx looks into, and its settings."""
