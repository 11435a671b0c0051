import pytest

from cachekit_memprobe.servers.redaction import redacted, secrets_of_url

URL = "rediss://joe:p%40ss@cache.example:6380/2?ssl_ca_certs=/etc/ca.pem"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"could not reach {URL}", "could not reach ***"),
        ("Error 111 connecting to cache.example:6380.", "Error 111 connecting to ***."),
        ("no address for cache.example", "no address for ***"),
        ("WRONGPASS for joe with p@ss or p%40ss", "WRONGPASS for *** with *** or ***"),
        ("/etc/ca.pem of ssl_ca_certs=/etc/ca.pem", "/etc/ca.pem of ***"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_no_part_of_a_url_is_told(said: str, told: str) -> None:
    assert redacted(said, secrets_of_url(URL)) == told


def test_a_socket_is_a_path() -> None:
    secrets = secrets_of_url("unix://:hush@/run/redis.sock?db=1")
    assert redacted("connecting to unix socket: /run/redis.sock", secrets) == "connecting to unix socket: ***"
    assert redacted("hush", secrets) == "***"


def test_what_a_url_does_not_have_hides_nothing() -> None:
    assert redacted("a message", secrets_of_url("redis://localhost")) == "a message"
