"""What users copy is shell that bash can read, and that nothing from outside is put into."""

import subprocess

import pytest

from tests.workflows import Script, action, all_scripts, document, markers

SCRIPTS = [pytest.param(one, id=f"{where}-{one.name}") for where, one in all_scripts()]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_step_is_a_script_without_expressions_in_it(script: Script) -> None:
    assert "${{" not in script.text
    checked = subprocess.run(["bash", "-n"], input=script.text, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_job_ends_by_itself() -> None:
    for marker in markers():
        for name, job in document(marker).get("jobs", {}).items():
            assert 0 < job["timeout-minutes"] <= 30, (marker, name)


def test_every_input_of_the_action_is_used_and_described() -> None:
    described = (action()["inputs"], str(action()["runs"]))
    for name, one in described[0].items():
        assert one["description"]
        assert f"inputs.{name}" in described[1], name
