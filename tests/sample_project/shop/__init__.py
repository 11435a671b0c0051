"""A shop, as far as it reads from a cache."""
