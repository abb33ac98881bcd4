"""Steps whose records are written together, and lie in a file's memory until then."""

import json
import os
import struct
import sys
import tempfile
import unittest

from orrery_probe.latest_steps import NAME
from orrery_probe.spool import Spool, line_of

STEPS = [(1.25, 0.5, 0.1, 7), (1.5, 1e-7, 1e-05, 8), (1.75, -0.0, float("inf"), 9)]
BEFORE = 1.0


def record_of(step, before):
    time, loss, learning_rate, number = step
    values = {"loss/train": loss, "optimizer/learningRate": learning_rate, "step/seconds": time - before}
    return {"t": "step", "time": time, "step": number, "values": values}


def note(text):
    return {"t": "note", "time": 2.0, "severity": "information", "code": "something", "text": text}


class LatestStepsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.spool = Spool(self.folder)

    def store(self):
        latest = self.spool.latest_steps(STEPS[0][3], BEFORE)
        for each in STEPS:
            latest.store(latest.end, *each)
            latest.end += latest.width
        return latest

    def text(self):
        with open(os.path.join(self.folder, "spool.jsonl"), "rb") as file:
            return file.read()

    def lines(self):
        befores = [BEFORE, *(time for time, *_ in STEPS)]
        return b"".join(line_of(record_of(each, before)) for each, before in zip(STEPS, befores))

    def test_are_in_the_file_as_soon_as_they_are_stored(self):
        self.spool.write(note("Before."))
        self.store()
        self.assertEqual(self.text(), line_of(note("Before.")))
        with open(os.path.join(self.folder, NAME), "rb") as file:
            data = file.read()
        self.assertEqual(struct.unpack_from("<3d", data), (len(self.text()), 7.0, BEFORE))
        self.assertEqual([struct.unpack_from("<4d", data, 32 + 32 * at) for at in range(3)], STEPS)

    def test_come_before_whatever_is_written_next_as_the_records_that_they_are(self):
        self.store()
        self.spool.write(note("Behind."))
        self.assertEqual(self.text(), self.lines() + line_of(note("Behind.")))

    def test_are_written_once(self):
        for _ in range(2):
            self.store()
        self.spool.write(note("Behind."))
        self.spool.write(note("And once more."))
        self.assertEqual(self.text().count(b'"t":"step"'), 2 * len(STEPS))

    def test_leave_nothing_behind_in_the_file_once_they_are_written(self):
        self.store()
        self.spool.write(note("Behind."))
        with open(os.path.join(self.folder, NAME), "rb") as file:
            spool, first, before = struct.unpack_from("<3d", file.read())
        self.assertTrue(spool != spool and first != first and before != before)
        self.spool.close()
        self.assertEqual(os.listdir(self.folder), ["spool.jsonl"])

    def test_are_nobodys_after_the_end(self):
        latest = self.store()
        self.spool.write(note("The end."))
        self.spool.close()
        latest.store(latest.end, 2.0, 0.5, 0.1, 10)
        latest.end += latest.width
        self.assertEqual([each.step for each in latest], [10])
        self.assertIsNone(self.spool.latest_steps(11, 2.0))
        self.assertEqual(os.listdir(self.folder), ["spool.jsonl"])

    def test_go_on_from_the_last_one_where_no_new_place_is_asked_for(self):
        latest = self.store()
        self.spool.write_latest()
        latest.store(latest.end, 2.0, 0.5, 0.1, 10)
        latest.end += latest.width
        self.assertEqual([each.seconds for each in latest], [2.0 - STEPS[-1][0]])

    def test_do_not_go_on_where_no_file_can_be_made(self):
        os.mkdir(os.path.join(self.folder, NAME))
        self.assertIsNone(self.spool.latest_steps(0, 0.0))
        self.spool.write(note("It goes on."))
        self.assertEqual(self.text(), line_of(note("It goes on.")))

    def test_fill_the_file_to_its_end_and_not_beyond(self):
        latest = self.spool.latest_steps(0, 0.0)
        count = 0
        while latest.end < latest.size:
            latest.store(latest.end, float(count), 0.5, 0.1, count)
            latest.end += latest.width
            count += 1
        with self.assertRaises(struct.error):
            latest.store(latest.end, 0.0, 0.0, 0.0, 0)
        self.assertEqual([each.step for each in latest], list(range(count)))


@unittest.skipUnless(os.path.exists("/dev/full"), "needs a disk that is full")
class FullDiskTest(unittest.TestCase):
    def test_those_that_are_lost_are_counted(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as elsewhere:
            path = os.path.join(folder, "spool.jsonl")
            os.symlink("/dev/full", path)
            spool = Spool(folder)
            latest = spool.latest_steps(STEPS[0][3], BEFORE)
            for each in STEPS:
                latest.store(latest.end, *each)
                latest.end += latest.width
            spool.write(note("It is lost as well."))
            # There is room again.
            other = os.open(os.path.join(elsewhere, "spool"), os.O_RDWR | os.O_CREAT)
            os.dup2(other, spool._descriptor)
            spool.write(note("It is there."))
            with open(other, encoding="utf-8", closefd=False) as file:
                file.seek(0)
                told, kept = (json.loads(line) for line in file)
            os.close(other)
            self.assertEqual(told["code"], "records-lost")
            self.assertTrue(told["text"].startswith(f"{len(STEPS) + 1} records"), told["text"])
            self.assertEqual(kept, note("It is there."))


if __name__ == "__main__":
    sys.exit(unittest.main())
