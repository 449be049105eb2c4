"""The rows of the four assists in the table of routes."""

from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.api import code
from andiron_daemon.api.bodies import ExplainBody, FindBugsBody, GenerateTestsBody, RefactorBody
from andiron_daemon.api.route import Route
from andiron_daemon.assist.types import (
    BugReport,
    BugReportStart,
    Explanation,
    ExplanationStart,
    GeneratedTests,
    GeneratedTestsStart,
    Refactoring,
    RefactoringStart,
)

ASSIST_ROUTES = (
    Route(
        method="POST",
        path="/api/v1/code/explain",
        handler=code.explain,
        summary="Explain code.",
        request=ExplainBody,
        response=Explanation,
        can_stream=True,
        events={"static": ExplanationStart, "start": Started, "delta": TextDelta, "done": Explanation},
        codes=("unsupported_language",),
    ),
    Route(
        method="POST",
        path="/api/v1/code/refactor",
        handler=code.refactor,
        summary="Write code better.",
        request=RefactorBody,
        response=Refactoring,
        can_stream=True,
        events={"static": RefactoringStart, "start": Started, "delta": TextDelta, "done": Refactoring},
        codes=("unsupported_language", "invalid_answer"),
    ),
    Route(
        method="POST",
        path="/api/v1/code/find-bugs",
        handler=code.find_bugs,
        summary="Look for bugs.",
        request=FindBugsBody,
        response=BugReport,
        can_stream=True,
        events={"static": BugReportStart, "start": Started, "delta": TextDelta, "done": BugReport},
        codes=("unsupported_language",),
    ),
    Route(
        method="POST",
        path="/api/v1/code/generate-tests",
        handler=code.generate_tests,
        summary="Write tests for code.",
        request=GenerateTestsBody,
        response=GeneratedTests,
        can_stream=True,
        events={"static": GeneratedTestsStart, "start": Started, "delta": TextDelta, "done": GeneratedTests},
        codes=("unsupported_language", "invalid_answer"),
    ),
)
