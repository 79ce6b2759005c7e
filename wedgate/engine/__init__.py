"""The use cases: fetch, decide, apply, over interfaces only."""
