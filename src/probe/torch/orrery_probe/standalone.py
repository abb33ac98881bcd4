"""Makes a run's folder on a machine that has nothing of Orrery but this package."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
from typing import List


def make_run(script: str, arguments: List[str], budget: float) -> str:
    """A folder in `.orrery/runs` with its `run.json`, as the recorder makes it; returns its path."""
    now = time.time()
    name = f"{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(now))}-{secrets.token_hex(2)}"
    runs = os.path.join(os.getcwd(), ".orrery", "runs")
    is_new = not os.path.isdir(runs)
    directory = os.path.join(runs, name)
    os.makedirs(directory)
    if is_new:
        # Runs are large and personal; who wants them in a repository removes this file.
        with open(os.path.join(runs, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("*\n")
    write_manifest(directory, script, arguments, budget, now)
    return directory


def write_manifest(directory: str, script: str, arguments: List[str], budget: float, now: float) -> None:
    path = os.path.abspath(script)
    try:
        with open(path, "rb") as source:
            digest = hashlib.sha256(source.read()).hexdigest()
    except OSError:
        digest = ""
    manifest = {
        "version": 1,
        "id": os.path.basename(directory),
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
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2)
        file.write("\n")
