"""GitHub's REST interface through PyGithub, for every adapter that talks to it."""
