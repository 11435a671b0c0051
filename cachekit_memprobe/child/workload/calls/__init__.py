"""The user's own cached function: imported, understood, stored by, and read.

Nothing of it runs in any process but a measured one, and nothing of what it caches reaches a cache of the
user's, unless the task says so.
"""
