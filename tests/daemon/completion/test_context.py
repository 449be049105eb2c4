"""What of other files is quoted."""

import pytest

from andiron_daemon.completion import context
from andiron_daemon.completion.context import choose_context, is_usable
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.secrets import is_secret
from andiron_models.types import ExtraFile

POLICY = CompletionPolicy()
BILLING = ExtraFile(
    path="billing.py",
    content=(
        "import os\n\n\nclass Invoice:\n    def gross_amount(self) -> int:\n        return 1\n\n\n"
        "def unrelated_thing() -> None:\n    pass\n"
    ),
)
OWN = ExtraFile(path="own.py", content="")
SHOP = ExtraFile(
    path="shop.ts", content="export function checkout(basket: Basket): Invoice {\n  return basket.bill();\n}\n"
)


def chosen(
    *files: ExtraFile, prefix: str = "def show(invoice: Invoice):\n    ", tokens: int = 500
) -> list[tuple[str, str]]:
    found = choose_context(files, own=OWN, prefix=prefix, suffix="\n", tokens=tokens, policy=POLICY)
    return [(file.path, file.content) for file in found]


def test_what_the_window_leaves_out_of_the_file_itself_is_quoted_last() -> None:
    far = ExtraFile(
        path="own.py", content="def gross(invoice: Invoice) -> int:\n    return 2\n\n\ndef other():\n    pass\n"
    )
    stale = ExtraFile(path="own.py", content="class Invoice:\n    stale = True\n")
    found = choose_context(
        [stale, BILLING], own=far, prefix="show(invoice: Invoice, gross", suffix="\n", tokens=500, policy=POLICY
    )
    assert [(file.path, file.content.split("\n")[0]) for file in found] == [
        ("billing.py", "class Invoice:"),
        ("own.py", "def gross(invoice: Invoice) -> int:"),
    ]
    secret = ExtraFile(path="own.py", content=far.content + 'KEY = """-----BEGIN RSA PRIVATE KEY-----"""\n')
    assert not choose_context([], own=secret, prefix="gross(", suffix="\n", tokens=500, policy=POLICY)
    assert not choose_context([], own=far, prefix="gross(", suffix="\n", tokens=20, policy=POLICY)


def test_declarations_that_share_names_are_quoted_and_others_are_not() -> None:
    ((path, content),) = chosen(BILLING)
    assert path == "billing.py"
    assert content.startswith("class Invoice:")
    assert "unrelated_thing" not in content


def test_files_stay_in_the_order_they_come_in() -> None:
    assert [path for path, _ in chosen(SHOP, BILLING)] == ["shop.ts", "billing.py"]
    assert [path for path, _ in chosen(BILLING, SHOP)] == ["billing.py", "shop.ts"]


def test_of_two_that_fit_alike_the_newer_is_quoted() -> None:
    old, new = (
        ExtraFile(path=path, content="def invoice_of(x):\n    return Invoice(x)\n") for path in ("old.py", "new.py")
    )
    assert [path for path, _ in chosen(old, new, tokens=16)] == ["new.py"]


def test_a_long_declaration_is_quoted_by_its_signatures() -> None:
    body = "\n".join(f"    def method_{number}(self):\n        return {number}\n" for number in range(60))
    ((_, content),) = chosen(ExtraFile(path="big.py", content=f"class Invoice:\n{body}"))
    assert content.startswith("class Invoice:\n    def method_0(self):\n    def method_1(self):")
    assert "return 3" not in content


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("own.py", "class Invoice: pass"),
        (".env", "Invoice=1"),
        ("keys/server.pem", "Invoice"),
        ("notes.txt", "Invoice\n-----BEGIN RSA PRIVATE KEY-----\n"),
        ("data.bin", "Invoice\0\1"),
        ("empty.py", " \n"),
    ],
)
def test_what_is_never_quoted(path: str, content: str) -> None:
    file = ExtraFile(path=path, content=content)
    assert not is_usable(file, "own.py")
    assert chosen(file) == []


def test_what_stands_around_the_cursor_already_is_not_quoted() -> None:
    lines = "def invoice_total(invoice):\n    return invoice.gross_amount()\n"
    assert chosen(ExtraFile(path="copy.py", content=lines), prefix=lines + "\n\n") == []


def test_without_room_or_files_there_is_nothing() -> None:
    assert chosen() == []
    assert chosen(BILLING, tokens=0) == []
    assert chosen(BILLING, tokens=5) == []


def test_what_was_quoted_is_quoted_again_as_it_was_while_it_is_true() -> None:
    before = choose_context([BILLING], own=OWN, prefix="Invoice(", suffix="", tokens=500, policy=POLICY)
    more = choose_context(
        [SHOP, BILLING],
        own=OWN,
        prefix="checkout(Invoice",
        suffix="",
        tokens=500,
        before=before,
        policy=POLICY,
    )
    assert more[0] == before[0]
    assert more[1].path == "shop.ts"
    changed = ExtraFile(path="billing.py", content="class Invoice:\n    tax = 1\n")
    anew = choose_context([changed], own=OWN, prefix="Invoice(", suffix="", tokens=500, before=before, policy=POLICY)
    assert "tax = 1" in anew[0].content


def test_of_many_long_files_only_the_newest_are_read_and_their_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, int]] = []
    monkeypatch.setattr(context, "parse", lambda text, *_, **__: read.append((text[:4].strip(), len(text))))
    line = "def invoice(x): return [x, (x, {x: x})]\n"
    files = [ExtraFile(path=f"{number}.py", content=f"# {number}\n" + line * 20_000) for number in range(40)]
    choose_context(files, own=ExtraFile(path="", content=""), prefix="invoice(", suffix="", tokens=100, policy=POLICY)
    assert [name for name, _ in read] == [f"# {number}" for number in range(16, 40)]
    assert {size for _, size in read} == {48 * 1024}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".env", True),
        ("a/.env.local", True),
        (".env.example", False),
        ("prod.env", True),
        ("src/environment.py", False),
        ("id_rsa", True),
        ("id_rsa.pub", False),
        ("home/.ssh/config", True),
        ("C:\\Users\\me\\.aws\\credentials", True),
        ("secrets.py", False),
        ("secrets.yaml", True),
        ("tls.KEY", True),
        ("keyboard.go", False),
        (".npmrc", True),
        (".netrc", True),
    ],
)
def test_names_of_files_that_keep_secrets(path: str, expected: bool) -> None:
    assert is_secret(path) is expected
