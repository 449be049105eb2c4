"""The icon as a StatusNotifierItem, spoken to the panel over D-Bus without any toolkit.

    connect ─► export ─► register ─► shown ──panel gone──► waiting ──panel back──► register
                                       └──bus gone──► TrayUnavailableError

A panel that restarts takes the icon up again. What the icon means is `face`'s and `menu`'s affair.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from andiron_tray.bus_menu import MENU_PATH, BusMenu
from andiron_tray.errors import TrayUnavailableError
from andiron_tray.face import Chosen, Face
from andiron_tray.menu import Command
from andiron_tray.notifier_item import ITEM_PATH, NotifierItem

WATCHER = "org.kde.StatusNotifierWatcher"
_WATCHER_PATH = "/StatusNotifierWatcher"
_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
_NOTIFICATIONS = "org.freedesktop.Notifications"
_LOOK_SECONDS = 0.25
_BUS_HINT = "Start andiron-tray in a graphical session; the daemon itself needs none."
_log = logging.getLogger(__name__)


def check_host(wait_seconds: float) -> None:
    """See whether a panel here shows StatusNotifierItems, waiting a while for one that is just starting.

    Raises:
        TrayUnavailableError: there is no session bus, or nothing on it that shows them.
    """
    asyncio.run(_check_host(wait_seconds))


class StatusNotifierIcon:
    """A `TrayIcon` for the desktops of Linux and the BSDs."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._face = Face("stopped", "Andiron", ())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._bus: MessageBus | None = None
        self._item = NotifierItem(self._face, lambda: chosen(Command("open_page")))
        self._menu = BusMenu(chosen)

    def run(self, ready: Callable[[], None]) -> None:
        """Show the icon until `stop`."""
        asyncio.run(self._run(ready))

    def show(self, face: Face) -> None:
        """Show another face."""
        self._in_loop(lambda: self._replace(face))

    def notify(self, title: str, text: str) -> None:
        """Send a desktop notification; where nobody shows them, the words go to the terminal or the journal."""
        self._in_loop(lambda: self._notify(title, text))

    def stop(self) -> None:
        """End `run`."""
        self._in_loop(self._ended.set)

    def _in_loop(self, work: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

    def _replace(self, face: Face) -> None:
        if face == self._face:
            return
        if face.menu != self._face.menu:
            self._menu.replace(face.menu)
        self._face = face
        self._item.replace(face)

    def _notify(self, title: str, text: str) -> None:
        body = ["Andiron", 0, "", title, text, [], {"desktop-entry": Variant("s", "andiron-tray")}, -1]
        message = Message(
            destination=_NOTIFICATIONS,
            path="/org/freedesktop/Notifications",
            interface=_NOTIFICATIONS,
            member="Notify",
            signature="susssasa{sv}i",
            body=body,
        )
        task = asyncio.ensure_future(self._send(message))
        task.add_done_callback(lambda sent: None if sent.result() else _log.warning("%s: %s", title, text))

    async def _send(self, message: Message) -> bool:
        """Call something on the bus; tell whether it answered well."""
        if self._bus is None or not self._bus.connected:
            return False
        try:
            reply = await self._bus.call(message)
        except (DBusError, OSError, EOFError) as error:
            _log.info("the bus did not take %s: %s", message.member, error)
            return False
        return reply.message_type is not MessageType.ERROR

    async def _run(self, ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._bus = bus = await _connect()
        try:
            bus.export(ITEM_PATH, self._item)
            bus.export(MENU_PATH, self._menu)
            name = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
            await bus.request_name(name)
            await self._follow_watcher(bus, name)
            if not await self._register(name):
                raise _no_host()
            ready()
            await self._until_ended(bus)
        finally:
            bus.disconnect()

    async def _until_ended(self, bus: MessageBus) -> None:
        gone = asyncio.ensure_future(_disconnected(bus))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not self._ended.is_set():
                raise TrayUnavailableError("the session bus has gone", _BUS_HINT)
        finally:
            for waiting in (gone, ended):
                waiting.cancel()
            await asyncio.gather(gone, ended, return_exceptions=True)

    async def _follow_watcher(self, bus: MessageBus, name: str) -> None:
        """Register again whenever another process takes the watcher's name: a panel that was restarted."""
        rule = f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{WATCHER}'"
        await bus.call(_bus_call("AddMatch", "s", [rule]))
        registering: set[asyncio.Future[bool]] = set()

        def take(message: Message) -> None:
            if message.member == "NameOwnerChanged" and message.body[0] == WATCHER and message.body[2]:
                task = asyncio.ensure_future(self._register(name))
                registering.add(task)
                task.add_done_callback(registering.discard)

        bus.add_message_handler(take)

    async def _register(self, name: str) -> bool:
        return await self._send(
            Message(
                destination=WATCHER,
                path=_WATCHER_PATH,
                interface=WATCHER,
                member="RegisterStatusNotifierItem",
                signature="s",
                body=[name],
            )
        )


async def _connect() -> MessageBus:
    """Join the session bus.

    Raises:
        TrayUnavailableError: there is none.
    """
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        # Without it the library would start a bus of its own, on which no panel is.
        raise TrayUnavailableError("there is no session bus (D-Bus) here", _BUS_HINT)
    try:
        return await MessageBus(bus_type=BusType.SESSION).connect()
    except (OSError, EOFError, AuthError, DBusError, InvalidAddressError) as error:
        raise TrayUnavailableError(f"the session bus (D-Bus) cannot be reached: {error}", _BUS_HINT) from error


async def _disconnected(bus: MessageBus) -> None:
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the one method without types


async def _check_host(wait_seconds: float) -> None:
    bus = await _connect()
    deadline = time.monotonic() + wait_seconds
    try:
        while not await _has_host(bus):
            if time.monotonic() >= deadline:
                raise _no_host()
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        bus.disconnect()


async def _has_host(bus: MessageBus) -> bool:
    owned = await bus.call(_bus_call("NameHasOwner", "s", [WATCHER]))
    if owned.message_type is MessageType.ERROR or not owned.body[0]:
        return False
    told = await bus.call(
        Message(
            destination=WATCHER,
            path=_WATCHER_PATH,
            interface="org.freedesktop.DBus.Properties",
            member="Get",
            signature="ss",
            body=[WATCHER, "IsStatusNotifierHostRegistered"],
        )
    )
    return told.message_type is not MessageType.ERROR and bool(told.body[0].value)


def _bus_call(member: str, signature: str, body: list[object]) -> Message:
    return Message(destination=_BUS, path=_BUS_PATH, interface=_BUS, member=member, signature=signature, body=body)


def _no_host() -> TrayUnavailableError:
    return TrayUnavailableError(
        "no panel here shows icons (StatusNotifierItem)",
        "XFCE: add the Status Tray plug-in; GNOME: the AppIndicator extension. Or use the `andiron` command.",
    )
