"""Where the history of measurements is kept: a directory, a git ref, or PostgreSQL; a line of JSON for each build."""
