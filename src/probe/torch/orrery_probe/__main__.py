"""python -m orrery_probe [--out DIR] [--budget F] script.py arguments…

Without `--out` a folder is made in `.orrery/runs`. A run so recorded becomes one of Orrery's on any machine by
`Orrery: Import Run…` or `orrery import DIR`.
"""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    options = _options(sys.argv[1:])
    directory = os.environ.pop("ORRERY_RUN", None)
    devices = os.environ.pop("ORRERY_DEVICES", "")
    limits = [os.environ.pop(name, None) for name in ("ORRERY_PROBE_BATCHES", "ORRERY_PROBE_BYTES")]
    if not os.path.isfile(options.script):
        sys.exit(f"orrery_probe: there is no script at {options.script}.")
    try:
        import torch  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError:
        sys.exit(
            f"orrery_probe: PyTorch is not installed for {sys.executable}. Install it there, or select another "
            "interpreter."
        )
    from .joint.processes import launched_as
    from .runner import run_script

    rank, said_by = launched_as()
    if rank > 0:
        # The first process records for all.
        from .joint.take_part import take_part

        if said_by != "RANK":
            # Such a variable is also set round processes that have nothing to do with each other.
            print(f"orrery_probe: recorded by the first process alone; by {said_by}, this is not it.", file=sys.stderr)
        take_part(os.path.abspath(options.script))
        run_script(options.script, options.arguments, lambda _: None)
        return
    if directory is None:
        from .standalone import FolderTakenError, make_run

        try:
            directory = make_run(options.out, options.script, options.arguments, options.budget)
        except (FolderTakenError, OSError) as error:
            sys.exit(f"orrery_probe: {error}")
        if options.out is None:
            print(f"orrery_probe: recording into {directory}", file=sys.stderr)
    from .observe import observe
    from .probe_set import probe_set_limits

    ending = observe(directory, os.path.abspath(options.script), options.budget, probe_set_limits(*limits), devices)
    run_script(options.script, options.arguments, ending.failed)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="orrery_probe", description="Runs a PyTorch script and records its training.")
    parser.add_argument(
        "--out", help="folder for the run, which must hold none; a new one in .orrery/runs where absent"
    )
    parser.add_argument(
        "--budget",
        type=_fraction,
        default=_fraction(os.environ.pop("ORRERY_BUDGET", "0.05")),
        help="fraction of wall time that measuring may cost (default 0.05)",
    )
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no fraction from 0 to 1")
    return value


if __name__ == "__main__":
    main()
