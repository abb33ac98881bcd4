"""The first of the processes that train together: it decides which steps all of them measure."""

from __future__ import annotations

from ..journal import Journal
from .appointments import LONGEST_GAP
from .ballot import Ballot
from .company import Company
from .joint_step import JointStep, LedStep
from .processes import train_together

_SECONDS_BETWEEN = 0.25
"""Of the script's own time, from one decision to the next: to read one takes a process some hundred microseconds."""
_AFTER_MEASURING = 2
"""Steps to the next decision, which is made a step ahead: by then it is known what the measurement has cost."""
_MOST_DOUBLINGS = 8
"""Of these, one for each failed attempt in a row: where curvature cannot be had, attempts must not cost much."""
_SOON = 16
"""Decisions that are made step by step, until all processes have said that they take part."""


class Leader:
    """In a run of a single process it does nothing."""

    def __init__(self, company: Company, journal: Journal) -> None:
        self._company = company
        self._journal = journal
        self._done = 0
        self._agreed = -1
        """The latest step that all measure."""
        self._latest: LedStep | None = None
        self._failures = 0
        """In a row."""
        self._past: list[Ballot] = []
        self._decisions = 0
        self._last_decision = (0, 0.0)
        """Steps that were done, and seconds that the script had run."""

    @property
    def leads(self) -> bool:
        """Whether the script has made a group of several processes."""
        return train_together()

    def step_done(self) -> JointStep | None:
        """To be called after each step of the optimizer that is measured; gives the coming one, where all measure
        it."""
        self._done += 1
        if self._done != self._agreed or not self._company.join():
            return None
        ballot = Ballot(self._company.counters, self._done, self._company.size)
        self._latest = LedStep(self._company, ballot, self._past)
        return self._latest

    def passed_over(self, steps: int) -> None:
        """So many steps were done by a process that trains alone."""
        self._done += steps

    def decide(self, is_wanted: bool) -> None:
        """To be called after `step_done`: publishes a decision if one is due, `is_wanted` being whether there is
        something to measure."""
        try:
            if not self._company.join():
                self._explain()
                return
            appointments = self._company.appointments
            if not appointments.is_to_be_published(self._done):
                return
            is_complete = self._company.is_complete
            measures = is_wanted and is_complete
            if measures:
                self._count_failures()
                self._agreed = appointments.step
            appointments.publish(measures, self._gap(measures, is_complete))
        except RuntimeError:
            self._company.leave()

    def _count_failures(self) -> None:
        if self._latest is not None:
            self._failures = 0 if self._latest.is_measured else self._failures + 1
            self._latest = None

    def _explain(self) -> None:
        if not self._company.is_possible:
            self._journal.note_once(
                "warning",
                "several-processes-unreachable",
                "Curvature is left out: the processes that train together have no store of PyTorch in common, as with "
                "MPI, or the one that records is not the first of them.",
            )

    def _gap(self, measures: bool, is_complete: bool) -> int:
        """To the next decision."""
        (then, before), (done, now) = self._last_decision, (self._done, self._journal.clock.script_time)
        self._last_decision = (done, now)
        self._decisions += 1
        if measures:
            return _AFTER_MEASURING << min(self._failures, _MOST_DOUBLINGS)
        if not is_complete:
            if self._decisions <= _SOON:
                return 1
            self._journal.note_once(
                "warning",
                "several-processes-alone",
                f"Curvature is left out: of the {self._company.size} processes that train together, not all run under "
                "the probe. Start each of them by it, as `torchrun --nproc_per_node 2 -m orrery_probe script.py` does.",
            )
        seconds = max(1e-9, (now - before) / max(1, done - then))
        return max(1, min(LONGEST_GAP, int(_SECONDS_BETWEEN / seconds)))
