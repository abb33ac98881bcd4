"""A step that all processes measure together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Protocol

from ..observables.observable import Unmeasurable
from ..products.living_graph import LivingGraph
from .ballot import Ballot
from .channel import PATIENCE, ProcessesApart
from .company import Company
from .joint_graph import JointGraph, serve

OwnPart = Callable[[], LivingGraph]
"""Makes the products of a process's own loss, which are known to be computable. May raise."""


_FIRST_ALONE = ("several-processes-first", "Only the first of several processes measures.")


class JointStep(Protocol):
    """In one of the processes. Each votes once, whatever comes of the step, lest the others wait for it."""

    examples: int | None
    """In the batches of all processes, once they have agreed, where known."""

    def parts(self) -> Sequence[tuple[int | None, LivingGraph]]:
        """What each process adds, with the examples in its batch, once all have come to products; the examples are
        unknown where batches are of several sizes. Raises Unmeasurable."""
        ...

    def products(self, own: OwnPart, examples: int | None) -> LivingGraph:
        """Of all processes; `examples` are those of this one's batch. Raises Unmeasurable."""
        ...

    def close(self, own: OwnPart, examples: int | None) -> None:
        """Does what is left to do before the step is taken. Does not raise."""
        ...

    def refuse(self) -> None:
        """Where the step comes otherwise than expected; nothing, where this process has voted. Does not raise."""
        ...


class _Vote:
    """A process's part in a step, until all have agreed."""

    def __init__(self, company: Company, ballot: Ballot) -> None:
        self.examples: int | None = None
        self._examples_each: int | None = None
        self._company = company
        self._ballot = ballot
        self._has_voted = False

    def refuse(self) -> None:
        if self._has_voted:
            return
        self._has_voted = True
        try:
            self._ballot.refuse()
        except RuntimeError:
            self._company.leave()

    def _agree(self, own: OwnPart, examples: int | None) -> LivingGraph:
        """Votes, and waits for the others' votes; gives this process's own part. Raises Unmeasurable."""
        part = self._part(own)
        self._has_voted = True
        try:
            self._ballot.cast(part.parameters, examples)
            outcome = self._ballot.outcome(PATIENCE)
        except RuntimeError as error:
            raise ProcessesApart from error
        if outcome is None:
            raise ProcessesApart
        if not outcome.is_unanimous:
            raise Unmeasurable(
                "curvature-of-some",
                "Curvature is left out at steps at which not all of the processes that train together can compute "
                "its own.",
            )
        if not outcome.have_same_weights:
            raise Unmeasurable(
                "curvature-of-others", "Curvature is left out: the processes that train together train other weights."
            )
        self.examples = outcome.examples
        self._examples_each = outcome.examples_each
        return part

    def _part(self, own: OwnPart) -> LivingGraph:
        try:
            return own()
        except Exception as error:
            self.refuse()
            reason = str(error).split("\n")[0]
            raise Unmeasurable("curvature-unavailable", f"Curvature is left out: {reason}.") from error


class LedStep(_Vote):
    """In the first process."""

    def __init__(self, company: Company, ballot: Ballot, past: list[Ballot]) -> None:
        """`past` are earlier ballots, which may still be read."""
        super().__init__(company, ballot)
        self._past = past
        self.is_measured = False
        """Whether all have come to products."""
        self._graph: JointGraph | None = None

    def products(self, own: OwnPart, examples: int | None) -> LivingGraph:
        try:
            part = self._agree(own, examples)
            self._forget_past()
            self._graph = JointGraph(part, self._company.channel(), self._company.size)
            self.is_measured = True
            return self._graph
        except ProcessesApart:
            self._company.leave()
            raise
        except RuntimeError as error:
            self._company.leave()
            raise ProcessesApart from error

    def parts(self) -> Sequence[tuple[int | None, LivingGraph]]:
        return [] if self._graph is None else [(self._examples_each, each) for each in self._graph.parts()]

    def close(self, own: OwnPart, examples: int | None) -> None:
        self.refuse()
        graph, self._graph = self._graph, None
        if graph is None:
            return
        try:
            graph.dismiss()
        except ProcessesApart:
            self._company.leave()

    def _forget_past(self) -> None:
        """All have voted at this step: none reads an earlier ballot any more."""
        for each in self._past:
            each.forget()
        self._past[:] = [self._ballot]


class ServedStep(_Vote):
    """In any other."""

    def products(self, own: OwnPart, examples: int | None) -> LivingGraph:
        raise Unmeasurable(*_FIRST_ALONE)

    def parts(self) -> Sequence[tuple[int | None, LivingGraph]]:
        raise Unmeasurable(*_FIRST_ALONE)

    def close(self, own: OwnPart, examples: int | None) -> None:
        if self._has_voted:
            return
        try:
            serve(self._agree(own, examples), self._company.channel())
        except (ProcessesApart, RuntimeError):
            self._company.leave()
        except Unmeasurable:
            # It was voted down: the next time perhaps.
            pass
