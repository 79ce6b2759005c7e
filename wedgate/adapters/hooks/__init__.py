"""Commands of the user at points of a rollout."""
