import getpass
import json
import os
import platform
from importlib.metadata import version

from cachekit_memprobe.target import describe


def test_tells_what_identifies_the_target() -> None:
    facts = describe.describe()
    assert facts["python"] == platform.python_version()
    assert facts["implementation"].startswith("CPython")
    assert facts["cachekit"] == version("cachekit")
    assert facts["memray"] == version("memray")
    assert facts["platform"].split("-")[0] == platform.system()
    assert facts["platform"].endswith(facts["machine"])


def test_leaves_out_what_is_not_installed() -> None:
    present = describe.package_versions()
    assert set(present) <= set(describe.PACKAGES)
    assert all(present.values())


def test_tells_nothing_of_the_host_or_its_user() -> None:
    told = json.dumps(describe.describe())
    assert platform.node() not in told
    assert getpass.getuser() not in told
    assert os.sep not in told
