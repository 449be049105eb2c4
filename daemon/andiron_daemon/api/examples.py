"""A request or two to try for each route; the tests send every one of them."""

from typing import Any

_ADD = "def add(a, b):\n    return a + b\n"

EXAMPLES: dict[str, dict[str, Any]] = {
    "POST /api/v1/chat/message": {
        "question": {"message": "In one sentence: what is a race condition?", "max_tokens": 60},
        "about a file": {
            "message": "What does this do?",
            "max_tokens": 60,
            "context": {"files": [{"path": "add.py", "content": _ADD}]},
        },
    },
    "POST /api/v1/chat/stream": {"question": {"message": "Name three colours.", "max_tokens": 30}},
    "PATCH /api/v1/chat/conversations/{id}": {"rename": {"title": "Colours"}},
    "POST /api/v1/chat/conversations/{id}/regenerate": {"shorter": {"max_tokens": 30}},
    "POST /api/v1/code/complete": {
        "before and after": {
            "path": "add.py",
            "prefix": "def add(a, b):\n    return ",
            "suffix": "\n\nprint(add(1, 2))\n",
        },
        "at a position": {"path": "add.py", "document": _ADD, "position": {"line": 1, "character": 11}},
    },
    "POST /api/v1/code/complete/{id}/feedback": {"accepted": {"event": "accepted"}},
    "POST /api/v1/code/explain": {"a function": {"path": "add.py", "code": _ADD, "question": "What may a and b be?"}},
    "POST /api/v1/code/refactor": {"a function": {"path": "add.py", "code": _ADD, "instruction": "Add type hints."}},
    "POST /api/v1/code/find-bugs": {"a function": {"path": "add.py", "code": _ADD}},
    "POST /api/v1/system/links": {"to this page": {"page": "/docs"}},
    "POST /signin": {"the code of a link": {"code": "the-part-behind-code-in-the-link"}},
}
