"""Git's own commands, for every adapter that keeps one file on a ref."""
