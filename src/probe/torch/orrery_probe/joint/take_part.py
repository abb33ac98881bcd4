"""Connects the parts in any but the first of several processes."""

from __future__ import annotations

from ..begin_record import BeginRecord
from ..budget import Budget
from ..clock import RunClock
from ..facts.data_facts import DataFacts
from ..facts.model_facts import Modules
from ..facts.training_facts import TrainingFacts
from ..journal import Journal
from ..memory_guard import MemoryGuard
from ..optimizers import Optimizers
from ..probe_set import ProbeSetLimits
from ..session import Session
from ..spool import Record
from ..step_recorder import StepRecorder
from ..tapes import Tapes
from .company import Company
from .follower import Follower


def take_part(script: str) -> None:
    """Records nothing, and measures what the first process asks for, once the script has made a group of them."""
    journal = Journal(_NoSpool(), RunClock())
    modules = Modules()
    company = Company(is_first=False)
    session = Session(
        journal,
        BeginRecord(journal, script, ""),
        TrainingFacts(journal, modules, DataFacts()),
        Optimizers(journal, modules, ProbeSetLimits()),
        Follower(company),
        StepRecorder(journal, Budget(0), Tapes(), MemoryGuard(journal)),
        _NoControls(),
    )
    company.watch()
    session.install()


class _NoSpool:
    def write(self, record: Record) -> None: ...

    def latest_steps(self, step: int, before: float) -> None: ...

    def write_latest(self) -> None: ...

    def close(self) -> None: ...


class _NoControls:
    def poll(self) -> None: ...
