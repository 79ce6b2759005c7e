"""The hash chain, its streams, and the state folded from them. Pure: entries in, entries and state out."""
