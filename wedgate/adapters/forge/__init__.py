"""Where code, comments and default branches live."""
