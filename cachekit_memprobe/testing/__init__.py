"""What the pytest plugin does once a test measures something; see :mod:`cachekit_memprobe.pytest_plugin`."""
