"""What reads from Prometheus: its HTTP API, and counters as they were scraped."""
