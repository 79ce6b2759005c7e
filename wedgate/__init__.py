"""wedgate: a deployment gate for businesses whose worst hour is somebody's most important day."""

__version__ = "0.1.0"
