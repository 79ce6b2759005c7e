"""Where the history of measurements is kept: a directory, or a git ref; a line of JSON for each build."""
