"""Readers of what benchmark tools write: one module for each tool, bytes in and a measurement report out."""
