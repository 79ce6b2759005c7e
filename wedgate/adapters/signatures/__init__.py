"""Signatures of people, for the hour in which the forge is down and for other forges."""
