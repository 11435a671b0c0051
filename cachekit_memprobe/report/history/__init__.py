"""A History to text."""
