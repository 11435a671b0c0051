from cachekit_memprobe.api import load as load

__version__: str
