import pytest

from cachekit_memprobe import errors


class TestErrors:
    def test_the_exit_codes_are_the_documented_ones(self) -> None:
        codes = (errors.EXIT_OK, errors.EXIT_OVER_BUDGET, errors.EXIT_USAGE, errors.EXIT_UNMEASURED)
        assert codes == (0, 1, 2, 3)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (errors.MemprobeError, errors.EXIT_UNMEASURED),
            (errors.CouldNotMeasure, errors.EXIT_UNMEASURED),
            (errors.UsageError, errors.EXIT_USAGE),
            (errors.ScenarioError, errors.EXIT_USAGE),
        ],
    )
    def test_a_failure_knows_its_exit_code(self, error: type[errors.MemprobeError], code: int) -> None:
        assert errors.exit_code_of(error("what to do about it")) == code
        assert str(error("what to do about it")) == "what to do about it"

    def test_no_failure_is_taken_for_a_verdict(self) -> None:
        """Exit codes 0 and 1 say that everything was measured."""
        kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
        assert {errors.exit_code_of(kind()) for kind in kinds if issubclass(kind, errors.MemprobeError)} == {
            2,
            3,
        }
