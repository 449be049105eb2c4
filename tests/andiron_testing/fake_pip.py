"""A pip that plays a part: a script in the place of an environment's Python, answering by rules."""

import json
import sys
from pathlib import Path
from typing import Any

from andiron_installer.bootstrap.environment import Environment

_SCRIPT = """#!{python}
import json, pathlib, sys
root = pathlib.Path({root!r})
arguments = sys.argv[1:]
with (root / "asked.jsonl").open("a") as asked:
    asked.write(json.dumps(arguments) + "\\n")
for rule in json.loads((root / "rules.json").read_text()):
    if all(any(word in argument for argument in arguments) for word in rule["words"]):
        if "wheel" in rule:
            folder = pathlib.Path(arguments[arguments.index("--wheel-dir") + 1])
            folder.mkdir(parents=True)
            (folder / rule["wheel"]).write_text("a wheel")
        print(rule.get("say", ""), flush=True)
        sys.exit(rule.get("code", 0))
"""
WHEEL = "llama_cpp_python-0.3.36-py3-none-linux_x86_64.whl"
OFFERED = {"words": ["--only-binary"], "code": 0}
NOT_OFFERED = {"words": ["--only-binary"], "code": 1, "say": "ERROR: No matching distribution found"}
REACHED = {"words": ["index", "versions", "llama-cpp-python"], "say": "llama-cpp-python (0.3.36)"}
REACHED_AIOHTTP = {"words": ["index", "versions", "aiohttp"], "say": "aiohttp (3.14.5)"}
NOT_CACHED = {"words": ["cache", "list"], "code": 1}
BUILT = {"words": ["wheel", "--wheel-dir"], "wheel": WHEEL, "say": "[1/2] Building CXX object\\n[2/2] Linking"}


class FakePip:
    """The rules in force, and what was asked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.follow()

    def take_the_place_of(self, environment: Environment) -> None:
        """Put the script where the environment's Python would be."""
        environment.scripts.mkdir(parents=True)
        environment.python.write_text(_SCRIPT.format(python=sys.executable, root=str(self._root)))
        environment.python.chmod(0o755)

    def follow(self, *rules: dict[str, Any]) -> None:
        """Answer by these rules, the first that fits; what fits none succeeds and says nothing."""
        (self._root / "rules.json").write_text(json.dumps(rules))

    def asked(self, *words: str) -> list[list[str]]:
        """The command lines that held all these words, oldest first."""
        file = self._root / "asked.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if all(any(word in argument for argument in line) for word in words)]
