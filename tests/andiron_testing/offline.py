"""Runs a bundle where there is no network: `unshare --net … python offline.py PROGRAM HOME FILE`, telling JSON.

A network namespace has a loopback of its own, which this brings up; there is no other way out of it, and this makes
sure. Everything is done inside of one, because a second one would have another loopback. Standard library only.
"""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_OUTSIDE = ("192.0.2.1", 443)


def bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        asked = struct.pack("16sh", b"lo", 0)
        (flags,) = struct.unpack("16xh", fcntl.ioctl(made, _GET_FLAGS, asked)[:18])
        fcntl.ioctl(made, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP))


def is_cut_off() -> bool:
    """Tell whether the world outside cannot be reached, and there is nothing but the loopback to try it by."""
    with socket.socket() as outside:
        outside.settimeout(1)
        cut_off = outside.connect_ex(_OUTSIDE) != 0
    return cut_off and [name for _, name in socket.if_nameindex() if name != "lo"] == []


def loaded_files(process_id: str) -> list[str]:
    """Name the files a process has in its memory."""
    maps = Path(f"/proc/{process_id}/maps").read_text(encoding="utf-8")
    return sorted({line.split(None, 5)[5] for line in maps.splitlines() if "/" in line})


def children(process_id: str) -> list[str]:
    found = Path(f"/proc/{process_id}/task/{process_id}/children").read_text(encoding="utf-8")
    return found.split()


def main(program: str, home: str, file: str) -> None:
    bring_loopback_up()
    # What a machine on which nothing is has: no variables, and no PATH that leads anywhere.
    bare = {"HOME": home, "ANDIRON_HOME": home, "PORT": "0", "PATH": f"{home}/nowhere"}

    def run(*arguments: str) -> dict[str, object]:
        done = subprocess.run(
            [program, *arguments], env=bare, cwd=home, capture_output=True, text=True, timeout=100, check=False
        )
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

    told: dict[str, object] = {"is_cut_off": is_cut_off(), "variables": len(bare)}
    told["models"] = run("models", "list")
    told["serve"] = run("serve", "--detach")
    try:
        told["complete"] = run("complete", f"{file}:2:12")
        told["chat"] = run("chat", "Name a colour.")
        told["status"] = run("status", "--json")
        process_id = str(json.loads(Path(home, "state", "run.json").read_text(encoding="utf-8"))["pid"])
        told["files"] = {pid: loaded_files(pid) for pid in (process_id, *children(process_id))}
    finally:
        told["stop"] = run("stop")
    told["tray"] = subprocess.run(
        [re.sub(r"andiron$", "andiron-tray", program), "--wait", "0"],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)
