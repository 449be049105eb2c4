import pytest

from andiron_models import errors
from andiron_models.errors import ModelError, error_from_code

LEAVES = [
    errors.InvalidRequestError,
    errors.ContextTooLongError,
    errors.ModelNotFoundError,
    errors.QueueFullError,
    errors.RateLimitedError,
    errors.DeadlineError,
    errors.BackendUnavailableError,
]


@pytest.mark.parametrize("leaf", LEAVES)
def test_an_error_crosses_a_pipe_by_its_code(leaf: type[ModelError]) -> None:
    error = error_from_code(leaf.code, "what failed", "what to do", {"value": 3})
    assert type(error) is leaf
    assert (error.message, str(error), error.hint) == ("what failed", "what failed", "what to do")
    assert error.details == {"value": 3}


@pytest.mark.parametrize(
    "kind",
    [errors.WorkerDiedError, errors.ModelFileError, errors.ModelDoesNotFitError, errors.NotConfiguredError],
)
def test_a_kind_of_unavailable_arrives_as_unavailable(kind: type[ModelError]) -> None:
    assert type(error_from_code(kind.code, "m", None, {})) is errors.BackendUnavailableError


def test_an_unknown_code_is_internal() -> None:
    error = error_from_code("no_such_code", "m", None, {})
    assert type(error) is ModelError
    assert error.code == "internal"


def test_details_are_not_shared_with_the_caller() -> None:
    given = {"a": 1}
    error = ModelError("m", details=given)
    error.details["b"] = 2
    assert given == {"a": 1}
