"""Makes a run's folder on a machine that has nothing of Orrery but this package."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time

_PARTS = ("run.json", "spool.jsonl")
"""What a folder holds that holds a run."""


class FolderTakenError(Exception):
    """The folder holds a run already; the message says what to do."""


def make_run(out: str | None, script: str, arguments: list[str], budget: float) -> str:
    """Makes a run's folder with its `run.json`, as the recorder does: `out`, or a new one in `.orrery/runs` where that
    is absent.

    Returns its absolute path. Raises FolderTakenError where `out` holds a run, OSError where it cannot be made.
    """
    now = time.time()
    identity = f"{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(now))}-{secrets.token_hex(2)}"
    directory = os.path.abspath(out) if out is not None else os.path.join(_runs(), identity)
    if any(os.path.exists(os.path.join(directory, part)) for part in _PARTS):
        raise FolderTakenError(_taken(directory))
    os.makedirs(directory, exist_ok=True)
    _write_manifest(directory, identity, script, arguments, budget, now)
    return directory


def _taken(directory: str) -> str:
    return f"{directory} holds a run already. Give another folder to --out, or move that run away."


def _runs() -> str:
    runs = os.path.join(os.getcwd(), ".orrery", "runs")
    if not os.path.isdir(runs):
        os.makedirs(runs)
        # Runs are large and personal; who wants them in a repository removes this file.
        with open(os.path.join(runs, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("*\n")
    return runs


def _write_manifest(
    directory: str, identity: str, script: str, arguments: list[str], budget: float, now: float
) -> None:
    path = os.path.abspath(script)
    with open(path, "rb") as source:
        digest = hashlib.sha256(source.read()).hexdigest()
    manifest = {
        "version": 1,
        "id": identity,
        "script": path,
        "arguments": arguments,
        "workingDirectory": os.getcwd(),
        "startedAt": int(now * 1000),
        "scriptHash": digest,
        "runtime": {
            "executable": sys.executable,
            "version": ".".join(str(part) for part in sys.version_info[:3]),
            "arguments": ["-m", "orrery_probe"],
            "environment": {},
        },
        "backend": "script",
        "budget": budget,
    }
    try:
        # Exclusively: another process may have looked at the folder at the same time.
        with open(os.path.join(directory, "run.json"), "x", encoding="utf-8") as file:
            json.dump(manifest, file, indent=2)
            file.write("\n")
    except FileExistsError as error:
        raise FolderTakenError(_taken(directory)) from error
