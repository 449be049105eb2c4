"""The menu over D-Bus: `com.canonical.dbusmenu` version 3, the protocol panels read a StatusNotifierItem's menu by."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from andiron_tray.menu import Command, Item

MENU_PATH = "/MenuBar"
ROOT = 0
_LAYOUT = "(ia{sv}av)"
Properties = dict[str, Variant]
Layout = list[Any]
Key = tuple[object, ...]


class Numbers:
    """Gives every item a number it keeps, so that a click on a menu drawn a moment ago still means what it said."""

    def __init__(self) -> None:
        self._known: dict[Key, int] = {}
        self._items: dict[int, Item] = {ROOT: Item()}
        self._commands: dict[int, Command] = {}

    def replace(self, menu: tuple[Item, ...]) -> None:
        """Take another menu."""
        self._items = {ROOT: Item(children=menu)}
        for key, item in _walk((), menu):
            number = self._known.setdefault(key, len(self._known) + 1)
            self._items[number] = item
            if item.command is not None:
                self._commands[number] = item.command

    def item(self, number: int) -> Item | None:
        """Find an item of the menu of now."""
        return self._items.get(number)

    def command(self, number: int) -> Command | None:
        """Find what a click on an item means, also on one that has just gone."""
        item = self._items.get(number)
        return item.command if item is not None else self._commands.get(number)

    def layout(self, number: int, depth: int) -> Layout:
        """Give an item with what is below it, `depth` levels of it; -1 gives all."""
        item = self._items[number]
        children = [] if depth == 0 else self._children(item, number)
        below = [Variant(_LAYOUT, self.layout(child, depth - 1)) for child in children]
        return [number, properties(item), below]

    def all_properties(self) -> dict[int, Properties]:
        """Give every item's properties by its number."""
        return {number: properties(item) for number, item in self._items.items()}

    def _children(self, item: Item, number: int) -> list[int]:
        above = next((key for key, known in self._known.items() if known == number), ())
        return [self._known[key] for key, _ in _walk(above, item.children, deep=False)]


def properties(item: Item) -> Properties:
    """Write an item in the protocol's words; what is left out has its default there."""
    if item.kind == "separator":
        return {"type": Variant("s", "separator")}
    found = {"label": Variant("s", item.label.replace("_", "__")), "enabled": Variant("b", item.is_enabled)}
    if item.children:
        found["children-display"] = Variant("s", "submenu")
    if item.kind in ("radio", "check"):
        found["toggle-type"] = Variant("s", "radio" if item.kind == "radio" else "checkmark")
        found["toggle-state"] = Variant("i", int(item.is_marked))
    return found


class BusMenu(ServiceInterface):
    """The exported object; `chosen` is called with what is clicked."""

    def __init__(self, chosen: Callable[[Command], None]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._chosen = chosen
        self._numbers = Numbers()
        self._revision = 1

    def replace(self, menu: tuple[Item, ...]) -> None:
        """Show another menu, also while it is open."""
        self._numbers.replace(menu)
        self._revision += 1
        self.layout_updated()

    @dbus_method("GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Annotated[list[str], DBusSignature("as")]
    ) -> Annotated[tuple[int, Layout], DBusSignature("u(ia{sv}av)")]:
        """Give the menu, or a part of it; an item that has gone has nothing below it."""
        if self._numbers.item(parent) is None:
            return self._revision, [parent, {}, []]
        return self._revision, self._numbers.layout(parent, depth)

    @dbus_method("GetGroupProperties")
    def get_group_properties(
        self, numbers: Annotated[list[int], DBusSignature("ai")], names: Annotated[list[str], DBusSignature("as")]
    ) -> Annotated[list[Layout], DBusSignature("a(ia{sv})")]:
        """Give the properties of some items; of all of them where none is named."""
        known = self._numbers.all_properties()
        return [[number, known[number]] for number in numbers or known if number in known]

    @dbus_method("GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        """Give one property."""
        return self._numbers.all_properties().get(number, {}).get(name, Variant("s", ""))

    @dbus_method("Event")
    def event(self, number: DBusInt32, kind: DBusStr, data: DBusVariant, at: DBusUInt32) -> None:
        """Take a click; what else a host tells of its menu does not matter."""
        self._take(number, kind)

    @dbus_method("EventGroup")
    def event_group(
        self, events: Annotated[list[tuple[int, str, Variant, int]], DBusSignature("a(isvu)")]
    ) -> Annotated[list[int], DBusSignature("ai")]:
        """Take several events; return the items that are not there."""
        for number, kind, *_ in events:
            self._take(number, kind)
        return [number for number, *_ in events if self._numbers.item(number) is None]

    @dbus_method("AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        """Say that nothing must be read again: changes are told as they come."""
        return False

    @dbus_method("AboutToShowGroup")
    def about_to_show_group(
        self, numbers: Annotated[list[int], DBusSignature("ai")]
    ) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        """Say the same for several; and which of them are not there."""
        return [], [number for number in numbers if self._numbers.item(number) is None]

    @dbus_signal("LayoutUpdated")
    def layout_updated(self) -> Annotated[list[int], DBusSignature("ui")]:
        """Tell that the menu is another."""
        return [self._revision, ROOT]

    @dbus_property(PropertyAccess.READ, "Version")
    def version(self) -> DBusUInt32:
        """Give the protocol's version."""
        return 3

    @dbus_property(PropertyAccess.READ, "Status")
    def status(self) -> DBusStr:
        """Give the only status there is here."""
        return "normal"

    @dbus_property(PropertyAccess.READ, "TextDirection")
    def text_direction(self) -> DBusStr:
        """Give the direction of the labels."""
        return "ltr"

    @dbus_property(PropertyAccess.READ, "IconThemePath")
    def icon_theme_path(self) -> Annotated[list[str], DBusSignature("as")]:
        """Give no folders: items have no pictures."""
        return []

    def _take(self, number: int, kind: str) -> None:
        command = self._numbers.command(number) if kind == "clicked" else None
        if command is not None:
            self._chosen(command)


def _walk(above: Key, items: tuple[Item, ...], *, deep: bool = True) -> Iterator[tuple[Key, Item]]:
    """Name every item by what it stands below and what it does; by its place where it does nothing."""
    for place, item in enumerate(items):
        name: object = item.command or (item.label if item.children else (item.kind, place))
        key = (*above, name)
        yield key, item
        if deep:
            yield from _walk(key, item.children)
