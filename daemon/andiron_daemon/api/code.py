"""`POST /api/v1/code/…`: work on code."""

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dispatch import (
    ANALYSIS,
    BUG_REPORT,
    COMPLETION,
    EXPLANATION,
    GENERATED_TESTS,
    REFACTORING,
    generate,
)
from andiron_daemon.api.wire import read_body
from andiron_daemon.completion.types import FeedbackInput


async def complete(request: web.Request) -> web.StreamResponse:
    """Complete at a cursor; with `max_tokens` 0 only warm the place up."""
    return await generate(request, COMPLETION)


async def feedback(request: web.Request) -> web.Response:
    """Take note of what became of a suggestion."""
    given = await read_body(request, FeedbackInput)
    await request.app[keys.SERVICES].completion.take_feedback(request.match_info["id"], given)
    return web.Response(status=204)


async def analyze(request: web.Request) -> web.StreamResponse:
    """Say what is known of code without running it."""
    return await generate(request, ANALYSIS)


async def explain(request: web.Request) -> web.StreamResponse:
    """Explain code."""
    return await generate(request, EXPLANATION)


async def refactor(request: web.Request) -> web.StreamResponse:
    """Write code better."""
    return await generate(request, REFACTORING)


async def find_bugs(request: web.Request) -> web.StreamResponse:
    """Look for bugs."""
    return await generate(request, BUG_REPORT)


async def generate_tests(request: web.Request) -> web.StreamResponse:
    """Write tests."""
    return await generate(request, GENERATED_TESTS)
