"""Records whose numbers are still on a device."""

import unittest

from orrery_probe.clock import RunClock
from orrery_probe.journal import Journal


class Coming:
    """A number that comes when it is said to."""

    def __init__(self, value, fails=False):
        self.is_here = False
        self._value, self._fails = value, fails

    def get(self):
        if self._fails:
            raise RuntimeError("an illegal memory access was encountered")
        return self._value


class Lines:
    def __init__(self):
        self.records = []
        self.are_closed = False

    def close(self):
        self.are_closed = True

    def write(self, record):
        self.records.append({name: each for name, each in record.items() if name != "time"})


class JournalTest(unittest.TestCase):
    def setUp(self):
        self.lines = Lines()
        self.journal = Journal(self.lines, RunClock())

    def test_records_are_written_at_once_where_all_is_there(self):
        self.journal.at_step("step", values={"loss/train": 1.5})
        self.assertEqual(self.lines.records, [{"t": "step", "step": 0, "values": {"loss/train": 1.5}}])

    def test_records_behind_one_that_waits_keep_their_order_and_their_steps(self):
        loss, seconds = Coming(0.5), Coming(0.01)
        self.journal.at_step("step", values={"loss/train": loss, "step/seconds": seconds, "batch/size": 8})
        self.journal.step = 1
        self.journal.note("information", "something", "It is said later.")
        self.assertEqual(self.lines.records, [])
        loss.is_here = True
        self.journal.at_step("step", values={"loss/train": 0.25})
        self.assertEqual(self.lines.records, [])
        seconds.is_here = True
        self.journal.step = 2
        self.journal.at_step("step", values={"loss/train": 0.125})
        self.assertEqual(
            [(each["t"], each["step"]) for each in self.lines.records],
            [("step", 0), ("note", 1), ("step", 1), ("step", 2)],
        )
        values = {"loss/train": 0.5, "step/seconds": 0.01, "batch/size": 8}
        self.assertEqual(self.lines.records[0]["values"], values)

    def test_the_end_waits_for_what_is_missing_but_not_for_a_device_that_has_failed(self):
        self.journal.at_step("step", values={"loss/train": Coming(0.5), "batch/size": 8})
        self.journal.at_step("step", values={"loss/train": Coming(0.25, fails=True), "batch/size": 8})
        self.journal.at_step("end", how="failed")
        self.assertEqual(self.lines.records, [])
        self.journal.finish()
        self.assertEqual(
            self.lines.records,
            [
                {"t": "step", "step": 0, "values": {"loss/train": 0.5, "batch/size": 8}},
                {"t": "step", "step": 0, "values": {"batch/size": 8}},
                {"t": "end", "step": 0, "how": "failed"},
            ],
        )


if __name__ == "__main__":
    unittest.main()
