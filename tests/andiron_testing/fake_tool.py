"""Stand-ins for the platform's tools on PATH: each records how it was called and answers by rules."""

import json
import os
import sys
from pathlib import Path
from typing import Any

_SCRIPT = """#!{python}
import json, os, pathlib, sys
root = pathlib.Path({root!r})
arguments = sys.argv[1:]
with (root / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([pathlib.Path(sys.argv[0]).name, *arguments]) + "\\n")
for rule in json.loads((root / "rules.json").read_text()):
    if all(word in arguments for word in rule["words"]):
        print(rule.get("say", ""), flush=True)
        sys.exit(rule.get("code", 0))
"""


class FakeTools:
    """Tools in a folder of their own, to be put first on PATH; what fits no rule succeeds and says nothing."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for name in names:
            script = folder / name
            script.write_text(_SCRIPT.format(python=sys.executable, root=str(folder)), encoding="utf-8")
            script.chmod(0o755)
        self.follow()

    @property
    def path(self) -> str:
        """A PATH on which the tools come first."""
        return f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"

    def follow(self, *rules: dict[str, Any]) -> None:
        """Answer by these rules, the first whose words are all among the arguments."""
        (self.folder / "rules.json").write_text(json.dumps(rules), encoding="utf-8")

    def calls(self) -> list[list[str]]:
        """Every call so far, the tool's name first."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    def forget(self) -> None:
        """Begin a new list of calls."""
        (self.folder / "calls.jsonl").unlink(missing_ok=True)
