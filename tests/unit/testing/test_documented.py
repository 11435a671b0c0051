"""What docs/pytest.md says that there is."""

import re
from pathlib import Path

from cachekit_memprobe.pytest_plugin import SETTINGS
from cachekit_memprobe.scenario.document import parsed
from cachekit_memprobe.testing.settings import Settings, settings_in

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
PLUGIN = (ROOT / "cachekit_memprobe" / "pytest_plugin.py").read_text(encoding="utf-8")


def test_every_setting_is_on_the_page_with_its_flag_and_its_option() -> None:
    flags = set(re.findall(r'"(--memprobe-[a-z]+)"', PLUGIN))
    assert flags == set(re.findall(r"`(--memprobe-[a-z]+)`", PAGE))
    rows = re.findall(r"^\| [^|]*\| `memprobe_(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert [key for _, key in rows] == list(SETTINGS)
    assert all(option == key for option, key in rows)


def test_defaults_are_those_that_the_page_tells() -> None:
    told = dict(re.findall(r"`(\w+)` \| (?:reads of|seconds for|processes that)[^|]*?(\d+)", PAGE))
    defaults = Settings()
    assert told == {
        "reads": str(defaults.reads),
        "timeout": f"{defaults.timeout:g}",
        "jobs": str(defaults.jobs),
    }


def test_the_examples_settings_are_valid() -> None:
    document = parsed((ROOT / "docs" / "examples" / "pyproject.toml").read_text(), "pyproject.toml")
    assert settings_in(document) == {"instruments": ("rss", "memray")}
