"""Families of outside systems, each with interface.py and one contract suite."""
