"""What the sources share that get readings as JSON: the form of docs/reference/judge.md."""
