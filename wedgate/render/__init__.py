"""Value in, text out."""
