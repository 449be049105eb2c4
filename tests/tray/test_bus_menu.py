"""The menu as panels read it."""

from typing import Any

from dbus_fast.signature import SignatureTree

from andiron_tray.bus_menu import ROOT, Numbers, properties
from andiron_tray.menu import SEPARATOR, Command, Item

START, STOP = Item("Start", Command("start")), Item("Stop", Command("stop"))
BACKENDS = Item(
    "Backend",
    children=(
        Item("local", Command("backend", "local"), kind="radio", is_marked=True),
        Item("auto", Command("backend", "auto"), kind="radio"),
    ),
)


def numbers(*menu: Item) -> Numbers:
    made = Numbers()
    made.replace(menu)
    return made


def plain(layout: list[Any]) -> tuple[str, list[Any]]:
    """Labels alone."""
    told = layout[1].get("label")
    return (told.value if told else "", [plain(child.value) for child in layout[2]])


def test_the_layout_has_every_level() -> None:
    layout = numbers(START, SEPARATOR, BACKENDS).layout(ROOT, -1)
    assert plain(layout) == ("", [("Start", []), ("", []), ("Backend", [("local", []), ("auto", [])])])
    SignatureTree("(ia{sv}av)").verify([layout])


def test_a_host_may_ask_for_fewer_levels() -> None:
    assert plain(numbers(BACKENDS).layout(ROOT, 1)) == ("", [("Backend", [])])
    assert plain(numbers(BACKENDS).layout(ROOT, 0)) == ("", [])


def test_an_item_keeps_its_number_when_others_come_and_go() -> None:
    menu = numbers(Item("not running"), START, BACKENDS)
    before = {found.label: number for number in range(9) if (found := menu.item(number))}
    menu.replace((Item("local · ready"), STOP, Item("Restart", Command("restart")), BACKENDS))
    after = {found.label: number for number in range(9) if (found := menu.item(number))}
    assert after["Backend"] == before["Backend"]
    assert after["auto"] == before["auto"]
    assert after["Stop"] != before["Start"]


def test_a_click_on_an_item_that_has_just_gone_still_means_what_it_said() -> None:
    menu = numbers(START)
    menu.replace((STOP,))
    assert [menu.command(number) for number in (1, 2, 3)] == [Command("start"), Command("stop"), None]


def test_lines_that_only_tell_reuse_their_numbers() -> None:
    menu = Numbers()
    for speed in range(100):
        menu.replace((Item(f"{speed} tokens/s"), STOP))
    assert max(menu.all_properties()) < 5


def test_marks_and_kinds_are_written_in_the_protocols_words() -> None:
    radio = properties(BACKENDS.children[0])
    assert (radio["toggle-type"].value, radio["toggle-state"].value) == ("radio", 1)
    check = properties(Item("Start at login", Command("start_at_login"), kind="check"))
    assert (check["toggle-type"].value, check["toggle-state"].value) == ("checkmark", 0)
    assert properties(SEPARATOR)["type"].value == "separator"
    assert properties(BACKENDS)["children-display"].value == "submenu"
    assert properties(Item("only told"))["enabled"].value is False


def test_an_underscore_is_no_shortcut() -> None:
    assert properties(Item("a_model", Command("model", "a_model")))["label"].value == "a__model"
