"""Writes the `end` record when the process ends, in whatever way it does, and changes nothing about that way."""

from __future__ import annotations

import atexit
import os
import traceback

import torch

from .begin_record import BeginRecord
from .journal import Journal
from .step_recorder import StepRecorder


class Ending:
    def __init__(self, journal: Journal, begin: BeginRecord, recorder: StepRecorder) -> None:
        self._journal = journal
        self._begin = begin
        self._recorder = recorder
        self._error: str | None = None
        self._exit_code = 0
        self._is_stopped = False
        self._process = os.getpid()

    def watch(self) -> None:
        """To be called before the script registers handlers of its own: they then run before this one."""
        atexit.register(self._write)

    def stop(self) -> None:
        """Ends the process as the script's own `sys.exit()` would; its handlers and `finally` blocks run."""
        self._is_stopped = True
        raise SystemExit(0)

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    def failed(self, error: BaseException) -> None:
        """What the script has raised to its end, `SystemExit` included."""
        if isinstance(error, SystemExit):
            code = error.code
            self._exit_code = code if isinstance(code, int) else 0 if code is None else 1
            if isinstance(code, str):
                self._error = code
            return
        self._exit_code = 130 if isinstance(error, KeyboardInterrupt) else 1
        self._error = "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()

    def _write(self) -> None:
        if os.getpid() != self._process:
            return
        journal = self._journal
        self._recorder.finish()
        how = self._how()
        if not self._begin.is_written:
            self._begin.write(torch.device("cpu"))
        if journal.step == 0 and how == "finished":
            journal.note(
                "warning",
                "no-training",
                "The script ended without training that could be seen: no optimizer of torch.optim, or made from "
                "torch.optim.Optimizer, has made a step in the script's own process and main thread. Weights that are "
                "changed by hand are not seen: let an optimizer, as torch.optim.SGD, do it. Or does it train under "
                "some condition, as a command-line argument, that was not met?",
            )
        error = self._error
        if error is None and how == "failed":
            error = f"The script ended with exit code {self._exit_code}."
        journal.at_step("end", how=how, exitCode=self._exit_code, error=None if self._is_stopped else error)
        journal.finish()

    def _how(self) -> str:
        if self._is_stopped:
            return "stopped"
        if self._error is not None or self._exit_code != 0:
            return "failed"
        return "finished" if self._recorder.loss_is_finite else "diverged"
