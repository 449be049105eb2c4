"""The page at `/ui` for tests and measurements: a home that was lived in, and a browser signed in to its daemon."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, Request

from andiron_daemon.paths import Paths
from andiron_daemon.storage.completions import CountKey, LatencyKey, SQLiteCompletionStatistics
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import MessageRecord
from andiron_daemon.storage.sendings import Sending, SQLiteSendings
from andiron_testing.daemon_process import DaemonProcess

# Each view, and what shows that its content has come.
SHOWN = {
    "chat": ".conversations li",
    "models": ".model",
    "status": ".plot",
    "settings": ".settings select",
    "privacy": "#view table",
}
# More than the list shows at first.
OLD_CONVERSATIONS = 60
_DAYS = 14
_AT = "2026-01-01T00:00:00.000000Z"


def lived_in(paths: Paths, answers: dict[str, str]) -> None:
    """Fill the database of a home: `answers` by the titles of their conversations, much older talk, and figures."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, _fill(paths, answers)).result()


async def _fill(paths: Paths, answers: dict[str, str]) -> None:
    database = Database(paths.database_file)
    conversations = SQLiteConversations(database)
    for number in range(OLD_CONVERSATIONS):
        at = f"2025-06-01T10:{number:02}:00.000000Z"
        said = MessageRecord(id=f"old-{number}", role="user", content=f"Old question {number}", created_at=at)
        await conversations.create(f"old-{number}", f"Old talk {number}", said)
    for number, (title, answer) in enumerate(answers.items()):
        question = MessageRecord(id=f"q{number}", role="user", content=f"about {title}", created_at=_AT)
        given = MessageRecord(
            id=f"a{number}", role="assistant", content=answer, created_at=_AT, backend="local", model="m"
        )
        await conversations.create(f"seeded-{number}", title, question)
        await conversations.append(f"seeded-{number}", given)
    await _fill_figures(database)
    await database.aclose()


async def _fill_figures(database: Database) -> None:
    counts: dict[CountKey, int] = {}
    latencies: dict[LatencyKey, int] = {}
    for back in range(_DAYS):
        day = (datetime.now(UTC) - timedelta(days=back)).date().isoformat()
        for measure, value in {"requests": 400, "offered": 300, "shown": 200, "accepted": 60 + 3 * back}.items():
            counts[CountKey(day, "local", "m", "python", measure)] = value
        for up_to_ms, answers in {50: 100, 250: 60 + back, 1000: 12}.items():
            latencies[LatencyKey(day, "total", up_to_ms)] = answers
    await SQLiteCompletionStatistics(database).add(counts, latencies)
    sending = Sending(
        id="0sending",
        at=datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        backend="openai",
        host="api.example.com",
        model="stub-1",
        kind="chat",
        bytes=12_345,
        masked=2,
        paths=("src/parser.py",),
        withheld=(".env",),
    )
    sendings = SQLiteSendings(database, 0)
    await sendings.add(sending)
    await sendings.finish("0sending", "answered", 900, 120)


def signed_in(context: BrowserContext, daemon: DaemonProcess, view: str = "") -> Page:
    """Open the page by a one-time link."""
    page = context.new_page()
    sign_in(page, daemon)
    if view:
        show(page, view)
    return page


def sign_in(page: Page, daemon: DaemonProcess) -> None:
    """Go through a one-time link, as the tray and `andiron open ui` do."""
    page.goto(daemon.client.post("/api/v1/system/links", {"page": "/ui"})["url"])
    page.wait_for_selector("#tabs a")


def show(page: Page, view: str) -> None:
    """Bring a view to the front."""
    page.locator(f'#tabs a[href="#{view}"]').click()
    page.wait_for_selector(f"#view.{view}")
    page.wait_for_selector(SHOWN[view], state="attached")


def ask(page: Page, text: str) -> None:
    """Send a message with the keyboard."""
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def box(locator: Locator) -> FloatRect:
    """Tell where on the page something stands."""
    found = locator.bounding_box()
    assert found is not None, "it is not shown"
    return found


@contextmanager
def flawless(context: BrowserContext, daemon: DaemonProcess) -> Iterator[None]:
    """Hold a browser to it that nothing goes wrong in the page, and that nothing is asked of another machine."""
    problems: list[str] = []
    own = f"http://127.0.0.1:{daemon.record.port}/"

    def look(request: Request) -> None:
        if not request.url.startswith((own, "data:", "blob:")):
            problems.append(request.url)

    context.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("request", look)
    yield
    assert problems == [], problems
