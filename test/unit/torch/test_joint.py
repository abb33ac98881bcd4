"""How processes that train together agree on what to measure, over a store that all see."""

import os
import unittest
from unittest import mock

import torch
from torch.distributed import HashStore

from orrery_probe.clock import RunClock
from orrery_probe.joint.appointments import NEVER, Appointments
from orrery_probe.joint.ballot import Ballot
from orrery_probe.joint.counters import Counters
from orrery_probe.joint.leader import Leader
from orrery_probe.joint.processes import launched_as
from orrery_probe.journal import Journal

AT_ONCE = 0.0


class AppointmentsTest(unittest.TestCase):
    def setUp(self):
        store = HashStore()
        self.first, self.other = (Appointments(Counters(store)) for _ in range(2))

    def decide(self, done, measures, gap):
        self.assertTrue(self.first.is_to_be_published(done))
        self.first.publish(measures, gap)

    def test_what_is_published_a_step_ahead_is_read_before_the_step(self):
        decisions = {3: (False, 1), 4: (True, 2), 6: (False, 500), 506: (True, 2)}
        read = {}
        for done in range(1, 510):
            if self.first.is_to_be_published(done):
                self.decide(done, *decisions.get(done + 1, (False, 1)))
            if self.other.is_to_be_read(done):
                decision = self.other.read(AT_ONCE)
                read[done] = decision.measures
                self.assertFalse(decision.is_last)
        self.assertEqual([step for step, measures in read.items() if measures], [4, 506])
        self.assertEqual(list(read), [3, 4, 6, 506, 508, 509])

    def test_nobody_waits_longer_than_asked_for_a_decision_that_does_not_come(self):
        self.assertIsNone(self.other.read(0.01))

    def test_a_process_that_has_fallen_too_far_behind_hears_so(self):
        for _ in range(65):
            self.first.publish(False, 1)
        self.assertIsNone(self.other.read(AT_ONCE))

    def test_the_last_decision_says_that_it_is_the_last(self):
        self.first.publish(False, NEVER)
        self.assertTrue(self.other.read(AT_ONCE).is_last)


class BallotTest(unittest.TestCase):
    def setUp(self):
        store = HashStore()
        self.ballots = [Ballot(Counters(store), 7, 3) for _ in range(3)]
        self.weights = [torch.zeros(2, 3), torch.zeros(3)]

    def test_all_for_it_with_the_same_weights_is_an_agreement_with_all_examples(self):
        for ballot, examples in zip(self.ballots, (8, 8, 5)):
            self.assertIsNone(ballot.outcome(AT_ONCE))
            ballot.cast(self.weights, examples)
        for ballot in self.ballots:
            outcome = ballot.outcome(AT_ONCE)
            self.assertTrue(outcome.is_unanimous and outcome.have_same_weights)
            self.assertEqual(outcome.examples, 21)
            self.assertIsNone(outcome.examples_each)

    def test_batches_of_one_size_are_known_as_such(self):
        for ballot in self.ballots:
            ballot.cast(self.weights, 8)
        outcome = self.ballots[0].outcome(AT_ONCE)
        self.assertEqual((outcome.examples, outcome.examples_each), (24, 8))

    def test_where_one_does_not_know_its_examples_nobody_knows_all(self):
        for ballot, examples in zip(self.ballots, (8, None, None)):
            ballot.cast(self.weights, examples)
        outcome = self.ballots[0].outcome(AT_ONCE)
        self.assertEqual((outcome.examples, outcome.examples_each), (None, None))

    def test_one_against_it_is_enough_whoever_has_not_voted_yet(self):
        self.ballots[0].cast(self.weights, 8)
        self.ballots[1].refuse()
        self.assertFalse(self.ballots[0].outcome(AT_ONCE).is_unanimous)
        self.ballots[2].cast(self.weights, 8)
        self.assertFalse(self.ballots[2].outcome(AT_ONCE).is_unanimous)

    def test_other_weights_are_noticed_by_all(self):
        others = [torch.zeros(2, 4), torch.zeros(3, dtype=torch.float64)]
        for ballot, weights in zip(self.ballots, (self.weights, others, self.weights)):
            ballot.cast(weights, 8)
        self.assertEqual([each.outcome(AT_ONCE).have_same_weights for each in self.ballots], [False] * 3)




class Present:
    """Of two processes, of which the other takes part."""

    size = 2
    is_complete = True

    def __init__(self):
        self.counters = Counters(HashStore())
        self.appointments = Appointments(self.counters)

    def join(self):
        return True


class LeaderTest(unittest.TestCase):
    def attempts(self, succeed, is_wanted=lambda done: True):
        leader = Leader(Present(), Journal(None, RunClock()))
        found = []
        for done in range(1, 40):
            joint = leader.step_done()
            if joint is None:
                leader.decide(is_wanted(done))
            else:
                joint.is_measured = succeed
                found.append(done)
        return found

    def test_what_is_always_wanted_is_measured_at_each_second_step_so_that_its_cost_is_known_before_the_next(self):
        self.assertEqual(self.attempts(True), list(range(3, 40, 2)))

    def test_attempts_that_fail_become_ever_rarer(self):
        self.assertEqual(self.attempts(False), [3, 5, 9, 17, 33])

    def test_nothing_is_measured_that_is_not_wanted(self):
        self.assertEqual(self.attempts(True, lambda done: False), [])




class LaunchedAsTest(unittest.TestCase):
    def launched(self, **variables):
        with mock.patch.dict(os.environ, variables, clear=True):
            return launched_as()

    def test_without_a_launcher_a_process_is_the_first(self):
        self.assertEqual(self.launched(), (0, None))
        self.assertEqual(self.launched(RANK=""), (0, None))

    def test_launchers_name_its_place_each_by_a_variable_of_its_own(self):
        for name in ("RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"):
            self.assertEqual(self.launched(**{name: "3"}), (3, name))

    def test_the_innermost_launcher_counts(self):
        self.assertEqual(self.launched(RANK="1", SLURM_PROCID="0"), (1, "RANK"))
        self.assertEqual(self.launched(OMPI_COMM_WORLD_RANK="2", SLURM_PROCID="0"), (2, "OMPI_COMM_WORLD_RANK"))


if __name__ == "__main__":
    unittest.main()
