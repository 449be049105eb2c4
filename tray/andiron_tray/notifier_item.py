"""The icon over D-Bus: `org.kde.StatusNotifierItem`, what panels of KDE, XFCE, LXQt and others show."""

from collections.abc import Callable
from typing import Annotated

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from andiron_tray.bus_menu import MENU_PATH
from andiron_tray.face import Face
from andiron_tray.picture import SIZES, argb, picture

ITEM_PATH = "/StatusNotifierItem"
Pixmaps = Annotated[list[list[object]], DBusSignature("a(iiay)")]


class NotifierItem(ServiceInterface):
    """The exported object; `activated` is called by hosts that do not open the menu on a click themselves."""

    def __init__(self, face: Face, activated: Callable[[], None]) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._face = face
        self._activated = activated

    def replace(self, face: Face) -> None:
        """Show another face."""
        before, self._face = self._face, face
        if face.condition != before.condition:
            self.new_icon()
        if face.title != before.title:
            self.new_title()
            self.new_tool_tip()

    @dbus_property(PropertyAccess.READ, "Category")
    def category(self) -> DBusStr:
        """Give the kind of item."""
        return "ApplicationStatus"

    @dbus_property(PropertyAccess.READ, "Id")
    def identifier(self) -> DBusStr:
        """Give the name panels remember its place by."""
        return "andiron"

    @dbus_property(PropertyAccess.READ, "Title")
    def title(self) -> DBusStr:
        """Give the words for it."""
        return self._face.title

    @dbus_property(PropertyAccess.READ, "Status")
    def status(self) -> DBusStr:
        """Never be passive: panels hide what is."""
        return "Active"

    @dbus_property(PropertyAccess.READ, "WindowId")
    def window_id(self) -> DBusInt32:
        """Give no window."""
        return 0

    @dbus_property(PropertyAccess.READ, "IconName")
    def icon_name(self) -> DBusStr:
        """Give no name of a theme: the picture is drawn."""
        return ""

    @dbus_property(PropertyAccess.READ, "IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """Give the picture in every size, for the host to choose from."""
        return [[size, size, argb(picture(self._face.condition, size))] for size in SIZES]

    @dbus_property(PropertyAccess.READ, "IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        """Give no folder."""
        return ""

    @dbus_property(PropertyAccess.READ, "OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """Give no overlay."""
        return ""

    @dbus_property(PropertyAccess.READ, "AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """Give no second picture."""
        return ""

    @dbus_property(PropertyAccess.READ, "ToolTip")
    def tool_tip(self) -> Annotated[list[object], DBusSignature("(sa(iiay)ss)")]:
        """Give the words that appear beside the pointer."""
        return ["", [], self._face.title, ""]

    @dbus_property(PropertyAccess.READ, "ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Have every click open the menu."""
        return True

    @dbus_property(PropertyAccess.READ, "Menu")
    def menu(self) -> DBusObjectPath:
        """Give the menu's path."""
        return MENU_PATH

    @dbus_method("Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:
        """Take a click of a host that ignores `ItemIsMenu`."""
        self._activated()

    @dbus_method("SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:
        """Take a click with the middle button, which means nothing."""

    @dbus_method("ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Take the wish for a menu of a host that draws none, which cannot be granted."""

    @dbus_method("Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Take the wheel, which means nothing."""

    @dbus_signal("NewIcon")
    def new_icon(self) -> None:
        """Tell that the picture is another."""

    @dbus_signal("NewTitle")
    def new_title(self) -> None:
        """Tell that the words are others."""

    @dbus_signal("NewToolTip")
    def new_tool_tip(self) -> None:
        """Tell that the words beside the pointer are others."""
