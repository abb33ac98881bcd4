"""Whether products are made by what is free, and what is said where they are not."""

import unittest
from typing import cast

import torch

from orrery_probe.free_memory import free_memory, used_memory
from orrery_probe.journal import Journal
from orrery_probe.memory_guard import MemoryGuard

MEBIBYTE = 1024**2
CPU = torch.device("cpu")


class Notes:
    def __init__(self) -> None:
        self.codes: list[str] = []

    def note_once(self, severity: str, code: str, text: str) -> None:
        if code not in self.codes:
            self.codes.append(code)


class Machine:
    """With so many mebibytes free, and so many taken by the process."""

    def __init__(self, free: int) -> None:
        self.free, self.used = free, 0

    def guard(self) -> tuple[MemoryGuard, Notes]:
        notes = Notes()
        free, used = (lambda _: self.free * MEBIBYTE), (lambda _: self.used * MEBIBYTE)
        return MemoryGuard(cast(Journal, notes), free, used), notes


class MemoryForProducts(unittest.TestCase):
    def test_is_asked_for_by_three_times_what_the_last_ones_held_and_some_to_spare(self) -> None:
        machine = Machine(1000)
        guard, notes = machine.guard()
        self.assertTrue(guard.admits(CPU))
        with guard.watch(CPU):
            machine.used = 300
        # 3 · 300 + 128 MiB.
        machine.free = 1027
        self.assertFalse(guard.admits(CPU))
        machine.free = 1028
        self.assertTrue(guard.admits(CPU))
        self.assertEqual(notes.codes, ["curvature-memory-scarce"])

    def test_is_counted_also_where_making_them_failed(self) -> None:
        machine = Machine(1000)
        guard, _ = machine.guard()
        with self.assertRaises(RuntimeError), guard.watch(CPU):
            machine.used = 400
            raise RuntimeError("out of memory")
        self.assertFalse(guard.admits(CPU))

    def test_is_not_negative_where_less_is_used_afterwards(self) -> None:
        machine = Machine(128)
        machine.used = 500
        guard, _ = machine.guard()
        with guard.watch(CPU):
            machine.used = 100
        self.assertTrue(guard.admits(CPU))

    def test_leaves_128_mebibytes_alone_before_anything_is_known(self) -> None:
        guard, notes = Machine(127).guard()
        self.assertFalse(guard.admits(CPU))
        self.assertFalse(guard.admits(CPU))
        self.assertEqual(notes.codes, ["curvature-memory-scarce"])

    def test_is_what_the_system_says(self) -> None:
        self.assertGreater(free_memory(CPU), 0)
        before = used_memory(CPU)
        block = torch.ones(32 * MEBIBYTE // 4)
        # Other allocations of the process may be given back meanwhile.
        self.assertGreater(used_memory(CPU) - before, 24 * MEBIBYTE)
        self.assertEqual(block.numel(), 8 * MEBIBYTE)


if __name__ == "__main__":
    unittest.main()
