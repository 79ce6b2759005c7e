"""Commands that are run and measured on this machine."""
