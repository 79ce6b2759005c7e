"""The private client of Envoy that the target and the metric source share: admin interface, routes, settings."""
