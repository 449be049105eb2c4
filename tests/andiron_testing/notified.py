"""A notification service that shows nothing and writes every notification to a file: `python -m … FILE`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from dbus_fast import BusType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

NAME = "org.freedesktop.Notifications"


class Notified(ServiceInterface):
    """Takes what is sent."""

    def __init__(self, file: Path) -> None:
        super().__init__(NAME)
        self._file = file

    @dbus_method("Notify")
    def notify(
        self,
        application: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        title: DBusStr,
        text: DBusStr,
        actions: Annotated[list[str], DBusSignature("as")],
        hints: Annotated[dict[str, Variant], DBusSignature("a{sv}")],
        timeout: DBusInt32,
    ) -> DBusUInt32:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{title}: {text}\n")
        return 1


async def serve(file: Path) -> None:
    bus = await MessageBus(bus_type=BusType.SESSION).connect()
    bus.export("/org/freedesktop/Notifications", Notified(file))
    await bus.request_name(NAME)
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the one method without types


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
