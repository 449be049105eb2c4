"""Files for a message: pasted, and dropped by a real pointer; what cannot be sent is said."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from andiron_testing.page_room import box

pytestmark = [pytest.mark.timeout(240)]

_PNG = bytes([137, 80, 78, 71, 0, 1])
_PICTURE = {"name": "image.png", "type": "image/png", "bytes": list(_PNG)}
_CODE = {"name": "add.py", "type": "text/x-python", "bytes": list(b"x = 1\n")}
_PASTE = """(place, { files, texts }) => {
  const clipboardData = new DataTransfer();
  for (const { name, type, bytes } of files) clipboardData.items.add(new File([new Uint8Array(bytes)], name, { type }));
  for (const [type, content] of Object.entries(texts)) clipboardData.setData(type, content);
  return !place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def paste(page: Page, *files: dict[str, Any], at: str = ".ask textarea", **texts: str) -> bool:
    """Paste; tell whether the page took it out of the browser's hands."""
    types = {f"text/{kind}": text for kind, text in texts.items()}
    return bool(page.locator(at).evaluate(_PASTE, {"files": list(files), "texts": types}))


def drop(page: Page, selector: str, *paths: Path) -> None:
    """Drop files of this machine, as a person does from a file manager."""
    target = box(page.locator(selector))
    place = {"x": target["x"] + target["width"] / 2, "y": target["y"] + target["height"] / 2}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
    session.detach()


def test_a_file_is_pasted_and_a_picture_is_not_taken(page: Page) -> None:
    assert paste(page, _CODE, _PICTURE)
    expect(page.locator(".chips")).to_contain_text("add.py")
    expect(page.locator("#trouble")).to_contain_text("image.png is not text, and only text can be sent")
    expect(page.locator(".chips li")).to_have_count(1)


def test_a_file_is_taken_wherever_in_the_chat_it_is_pasted(page: Page) -> None:
    assert paste(page, _CODE, at="body")
    expect(page.locator(".chips")).to_contain_text("add.py")


def test_text_is_left_to_the_browser_even_where_a_picture_of_it_comes_along(page: Page) -> None:
    assert not paste(page, plain="a text")
    # As office programs do.
    assert not paste(page, _PICTURE, plain="a cell", html="<b>a cell</b>")
    expect(page.locator("#trouble")).to_be_empty()
    expect(page.locator(".chips li")).to_have_count(0)


def test_of_a_folder_it_is_said_what_to_do_and_of_many_files_not_a_page(page: Page, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "read.me").write_text("hello", encoding="utf-8")
    pictures = [tmp_path / f"{number}.png" for number in range(5)]
    for picture in pictures:
        picture.write_bytes(_PNG)
    drop(page, ".turns", tmp_path / "source", tmp_path / "read.me")
    expect(page.locator("#trouble")).to_contain_text("source cannot be read; of a folder, drop the files in it")
    expect(page.locator(".chips li")).to_contain_text("read.me")
    drop(page, ".turns", *pictures)
    expect(page.locator("#trouble")).to_contain_text("2 more were not taken")


def test_a_file_that_misses_its_place_does_not_take_the_pages(page: Page, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "b.txt").write_text("b", encoding="utf-8")
    address = page.url
    for selector in ("header.bar", ".conversations"):
        drop(page, selector, tmp_path / "a.txt")
    drop(page, ".turns", tmp_path / "b.txt")
    expect(page.locator(".chips li")).to_contain_text("b.txt")
    assert (page.url, len(page.context.pages)) == (address, 1)
