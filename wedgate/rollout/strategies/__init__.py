"""Release strategies, one module each: how weights move from stable to candidate."""
