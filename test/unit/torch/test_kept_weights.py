"""Weights that a run leaves on disk for later ones."""

import hashlib
import json
import os
import struct
import sys
import tempfile
import unittest

import torch

from orrery_probe.kept_weights import NAME, WeightsFolder, fingerprint_of

NUMBERS = [1.5, -0.0, 1e-45, float("inf"), -3.0000002]
FIRST = fingerprint_of(torch.tensor([1.0, 2.0]))
ELSEWHERE = fingerprint_of(torch.tensor([1.0, 3.0]))


class FingerprintTest(unittest.TestCase):
    def test_is_the_hash_of_the_numbers_as_little_endian_float32(self):
        expected = hashlib.sha256(struct.pack("<5f", *NUMBERS)).hexdigest()
        self.assertEqual(fingerprint_of(torch.tensor(NUMBERS)), expected)

    def test_is_of_the_numbers_whatever_their_type_and_place_in_memory(self):
        halves = torch.tensor([0.5, -1.25, 3.0])
        apart = torch.stack([halves, halves + 1], 1)[:, 0]
        self.assertFalse(apart.is_contiguous())
        for each in (halves.half(), halves.bfloat16(), halves.double(), apart, halves.clone().requires_grad_()):
            self.assertEqual(fingerprint_of(each), fingerprint_of(halves))

    def test_tells_others_apart(self):
        self.assertNotEqual(FIRST, ELSEWHERE)
        self.assertNotEqual(fingerprint_of(torch.tensor([0.0])), fingerprint_of(torch.tensor([-0.0])))


class KeptWeightsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.runs = folder.name
        self.own = self.folder_of("own")

    def folder_of(self, run):
        os.makedirs(os.path.join(self.runs, run))
        return WeightsFolder(os.path.join(self.runs, run))

    def path_of(self, run):
        return os.path.join(self.runs, run, NAME)

    def keep(self, run, step=7, first=FIRST, numbers=NUMBERS):
        folder = self.folder_of(run)
        folder.write(torch.tensor(numbers), step, first)
        return folder

    def put(self, run, data):
        os.makedirs(os.path.join(self.runs, run))
        with open(self.path_of(run), "wb") as file:
            file.write(data)

    def names(self):
        return [each.run for each in self.own.alike(FIRST)]

    def test_are_a_line_of_json_and_the_numbers(self):
        self.keep("before")
        with open(self.path_of("before"), "rb") as file:
            line, numbers = file.read().split(b"\n", 1)
        self.assertEqual(json.loads(line), {"version": 1, "first": FIRST, "count": 5, "steps": [7]})
        self.assertEqual(numbers, struct.pack("<5f", *NUMBERS))
        self.assertEqual(os.listdir(os.path.join(self.runs, "before")), [NAME])

    def test_are_read_again_bit_for_bit(self):
        self.keep("before")
        (kept,) = self.own.alike(FIRST)
        self.assertEqual((kept.run, kept.steps, kept.first, kept.count), ("before", [7], FIRST, 5))
        read = self.own.read(kept, 7)
        self.assertEqual((read.dtype, read.device.type), (torch.float32, "cpu"))
        self.assertEqual(struct.pack("<5f", *read.tolist()), struct.pack("<5f", *NUMBERS))

    def test_are_read_again_where_other_devices_are_the_default(self):
        if not hasattr(torch, "set_default_device"):
            self.skipTest("this PyTorch has no default device")
        self.keep("before")
        torch.set_default_device("meta")
        self.addCleanup(torch.set_default_device, None)
        (kept,) = self.own.alike(FIRST)
        self.assertEqual(self.own.read(kept, 7).device.type, "cpu")

    def test_are_of_several_steps_the_first_at_least_half_the_last(self):
        folder = self.folder_of("before")
        weights = torch.zeros(2)
        for step in (10, 20, 30, 41):
            # In place, as an optimizer does: those of earlier steps must not move along.
            folder.write(weights.fill_(step), step, FIRST)
        (kept,) = self.own.alike(FIRST)
        self.assertEqual(kept.steps, [30, 41])
        self.assertEqual([self.own.read(kept, step).tolist() for step in kept.steps], [[30.0] * 2, [41.0] * 2])
        self.assertIsNone(self.own.read(kept, 20))

    def test_are_of_earlier_steps_and_as_many_numbers_alone(self):
        folder = self.folder_of("before")
        for step, numbers in ((9, [1.0, 2.0]), (7, [3.0, 4.0]), (7, [5.0, 6.0])):
            folder.write(torch.tensor(numbers), step, FIRST)
        (kept,) = self.own.alike(FIRST)
        self.assertEqual((kept.steps, self.own.read(kept, 7).tolist()), ([7], [5.0, 6.0]))
        folder.write(torch.tensor([7.0]), 8, FIRST)
        (kept,) = self.own.alike(FIRST)
        self.assertEqual((kept.steps, self.own.read(kept, 8).tolist()), ([8], [7.0]))

    def test_are_of_as_many_steps_as_there_is_room_for(self):
        folder = self.folder_of("before")
        for step in (100, 101, 102):
            folder.write(torch.zeros(1536 * 1024), step, FIRST)
        self.assertEqual(self.own.alike(FIRST)[0].steps, [101, 102])

    def test_are_read_where_their_steps_are_as_many_and_as_late_as_can_be(self):
        folder = self.folder_of("before")
        # More than fit between half and all of the steps where a tenth lies between two.
        steps = [10**9 + 5 * 10**7 * place for place in range(20)]
        for place, step in enumerate(steps):
            folder.write(torch.full((2,), float(place)), step, FIRST)
        (kept,) = self.own.alike(FIRST)
        self.assertEqual(kept.steps, steps)
        for place, step in enumerate(steps):
            self.assertEqual(self.own.read(kept, step).tolist(), [place] * 2)

    def test_are_found_the_newest_run_first(self):
        for name in ("2026-01-02", "2026-01-10", "2026-01-01"):
            self.keep(name)
        self.assertEqual(self.names(), ["2026-01-10", "2026-01-02", "2026-01-01"])

    def test_are_looked_for_in_the_newest_runs_alone(self):
        self.keep("000")
        for index in range(1, 64):
            self.folder_of(f"{index:03}")
        self.own = WeightsFolder(os.path.join(self.runs, "elsewhere"))
        os.rmdir(os.path.join(self.runs, "own"))
        self.assertEqual(self.names(), ["000"])
        self.folder_of("064")
        self.assertEqual(self.names(), [])

    def test_of_the_run_itself_and_of_other_beginnings_are_left_out(self):
        self.own.write(torch.tensor(NUMBERS), 7, FIRST)
        self.keep("other", first=ELSEWHERE)
        self.assertEqual(self.names(), [])
        self.keep("same")
        self.assertEqual(self.names(), ["same"])

    def test_are_found_by_a_run_whose_folder_was_named_from_where_the_script_no_longer_is(self):
        self.keep("before")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.runs)
        relative = WeightsFolder(os.path.join("own", ""))
        os.chdir(tempfile.gettempdir())
        self.assertEqual([each.run for each in relative.alike(FIRST)], ["before"])
        relative.write(torch.tensor(NUMBERS), 7, FIRST)
        self.assertTrue(os.path.exists(self.path_of("own")))

    def test_that_are_no_ones_are_left_out(self):
        usual = {"version": 1, "first": FIRST, "count": 5, "steps": [7]}
        numbers = struct.pack("<5f", *NUMBERS)

        def with_header(header):
            return json.dumps(header).encode() + b"\n" + numbers

        self.put("good", with_header(usual))
        self.assertEqual(self.names(), ["good"])
        broken = {
            "empty": b"",
            "no line": json.dumps(usual).encode(),
            "zeros": bytes(100_000),
            "long line": b" " * 600 + with_header(usual),
            "no text": b"\xff\xfe\x00\n" + numbers,
            "no object": with_header([1, [7], FIRST, 5]),
            "null": with_header(None),
            "a number": with_header(1),
            "deep": b"[" * 511 + b"\n",
            "digits": b'{"version":1,"steps":[' + b"9" * 300 + b'],"count":5,"first":"' + FIRST.encode() + b'"}\n',
            "another version": with_header({**usual, "version": 2}),
            "steps are a number": with_header({**usual, "steps": 7}),
            "step is text": with_header({**usual, "steps": ["7"]}),
            "step is true": with_header({**usual, "steps": [True]}),
            "step is a fraction": with_header({**usual, "steps": [7.5]}),
            "step is negative": with_header({**usual, "steps": [-7]}),
            "step is no number": with_header({**usual, "steps": [float("nan")]}),
            "first is a number": with_header({**usual, "first": 1}),
            "count is missing": with_header({key: usual[key] for key in ("version", "steps", "first")}),
        }
        for name, data in broken.items():
            self.put(name, data)
        self.folder_of("nothing")
        os.makedirs(self.path_of("a folder"))
        with open(os.path.join(self.runs, "a file"), "wb"):
            pass
        self.assertEqual(self.names(), ["good"])

    def test_are_none_where_the_folder_is_gone(self):
        self.assertEqual(WeightsFolder(os.path.join(self.runs, "gone", "own")).alike(FIRST), [])

    def test_are_not_read_where_they_are_others_by_now(self):
        folder = self.keep("before")
        (kept,) = self.own.alike(FIRST)
        self.assertIsNotNone(self.own.read(kept, 7))
        folder.write(torch.tensor(NUMBERS), 80, FIRST)
        self.assertIsNone(self.own.read(kept, 7))
        folder.write(torch.tensor(NUMBERS), 7, ELSEWHERE)
        self.assertIsNone(self.own.read(kept, 7))
        folder.write(torch.tensor(NUMBERS[1:]), 7, FIRST)
        self.assertIsNone(self.own.read(kept, 7))

    def test_are_not_read_where_the_file_is_gone_or_of_another_length(self):
        self.keep("before")
        (kept,) = self.own.alike(FIRST)
        with open(self.path_of("before"), "ab") as file:
            file.write(b"\n")
        self.assertIsNone(self.own.read(kept, 7))
        os.truncate(self.path_of("before"), os.path.getsize(self.path_of("before")) - 2)
        self.assertIsNone(self.own.read(kept, 7))
        os.remove(self.path_of("before"))
        self.assertIsNone(self.own.read(kept, 7))

    def test_that_are_none_at_all_are_not_read(self):
        self.put("nothing", json.dumps({"version": 1, "first": FIRST, "count": 0, "steps": [7]}).encode() + b"\n")
        (kept,) = self.own.alike(FIRST)
        self.assertIsNone(self.own.read(kept, 7))

    def test_that_cannot_be_written_are_an_error_of_the_system(self):
        with self.assertRaises(OSError):
            WeightsFolder(os.path.join(self.runs, "gone", "own")).write(torch.tensor(NUMBERS), 7, FIRST)


if __name__ == "__main__":
    sys.exit(unittest.main())
