"""Connects the parts and installs the hooks, before the script runs."""

from __future__ import annotations

from .begin_record import BeginRecord
from .budget import Budget
from .clock import RunClock
from .control import ControlFile, Controls
from .ending import Ending
from .facts.data_facts import DataFacts
from .facts.model_facts import Modules
from .facts.training_facts import TrainingFacts
from .joint.company import Company
from .joint.leader import Leader
from .journal import Journal
from .kept_weights import WeightsFolder
from .measurement_plan import MeasurementPlan
from .memory_guard import MemoryGuard
from .optimizers import Optimizers
from .probe_set import ProbeSetLimits
from .session import Session
from .spool import Spool
from .step_recorder import StepRecorder
from .tapes import Tapes

_USUAL_LIMITS = ProbeSetLimits()


def observe(
    directory: str, script: str, fraction: float, limits: ProbeSetLimits = _USUAL_LIMITS, devices: str = ""
) -> Ending:
    """Records into a run's directory, which must exist; `devices` are what PyTorch can use, where that is known. Raises
    OSError where it cannot be written to."""
    journal = Journal(Spool(directory), RunClock())
    budget = Budget(fraction)
    begin = BeginRecord(journal, script, devices)
    modules = Modules()
    facts = TrainingFacts(journal, modules, DataFacts())
    guard = MemoryGuard(journal)
    recorder = StepRecorder(journal, budget, Tapes(), guard)
    ending = Ending(journal, begin, recorder)
    controls = Controls(ControlFile(directory), journal, budget, ending.stop)
    optimizers = Optimizers(journal, modules, limits, WeightsFolder(directory))
    company = Company(is_first=True)
    plan = MeasurementPlan(budget, journal, guard, Leader(company, journal))
    session = Session(journal, begin, facts, optimizers, plan, recorder, controls)
    ending.watch()
    company.watch()
    session.install()
    return ending
