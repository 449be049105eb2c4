"""The workspace the tests of the editor work in: small files, each for one test or two."""

import json
from collections.abc import Sequence
from typing import Any

_SNIPPET = {"prefix": "loop", "body": ["for ${1:item} in ${2:items}:", "    $0"], "scope": "python"}


def _notebook(*cells: str) -> str:
    made: Sequence[dict[str, Any]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": [text]}
        for text in cells
    ]
    metadata = {"language_info": {"name": "python"}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


FILES = {
    ".env": "quantity=of-nobody\nquantum=of-nobody\n",
    ".vscode/settings.json": json.dumps({"andiron.neverSend": []}),  # a workspace cannot take any away
    ".vscode/tests.code-snippets": json.dumps({"loop": _SNIPPET}),
    "accept.py": "def fee(a, b):\n    return ",
    "alone.py": "def alone(a, b):\n    return ",
    "add.py": "def add(a, b):\n    return ",
    "binary.dat": "\0\1\2\0",
    "bugs.py": "import os\n\n\ndef total(prices):\n    return sum(price)\n",
    "cells.ipynb": _notebook("rate = 0.19", "tax = ", "print(tax)"),
    "chat.py": "",
    "crlf.py": "def three(a, b, c):\r\n    return ",
    "escape.py": "def escape(text):\n    return ",
    "fib.py": "def fib(n):\n",
    "gone.py": "def area(a, b):\n    x = a * b\n    return x\n",
    "huge.py": "".join(f"VALUE_{number} = {number}\n" for number in range(200_000)) + "\n\ndef add(a, b):\n    return ",
    "list.py": "quantity = 3\nquantum = 4\ntwice = 2 * quant",
    "notes.md": "# Notes\n\nWhat is ",
    "left.py": "def left(a, b):\n    return ",
    "pair.py": "def pair(a, b):\n    x = a, b\n    return x\n",
    "problem.py": "def total(prices):\n    return sum(price)\n",
    "rough.py": "def area(a, b):\n    x = a * b\n    return x\n",
    "snippet.py": "",
    "stack.py": "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        ",
    "typed.py": "def area(a, b):\n    x = a * b\n    return x\n",
    "whisper.py": "def shout(text):\n    return text.upper()\n\n\ndef whisper(text):\n    return ",
    "word.py": "def add(a, b):\n    return ",
}
