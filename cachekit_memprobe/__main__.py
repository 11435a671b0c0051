"""``python -m cachekit_memprobe``."""

from cachekit_memprobe.cli import main

if __name__ == "__main__":
    main()
