"""Where dated facts come from: zones and holidays as frozen values with source, horizon and version."""
