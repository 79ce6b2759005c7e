"""Emergency overrides: the grammar of comments, requests, votes and grants. Pure: what was said and known in, and
what is granted out."""
