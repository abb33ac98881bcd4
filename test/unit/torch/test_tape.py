"""The recorded evaluation against torch's own derivatives, where scripts write over values, draw, and nest modes."""

import os
import unittest
from typing import Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from orrery_probe.products import tape as tape_module
from orrery_probe.products.living_graph import NotDifferentiable
from orrery_probe.products.program import Program, TapeGraph
from orrery_probe.products.tape import Tape


def weights() -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in ((4, 3), (4,))]


INPUTS = torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3)


def affine(parameters: list[Tensor]) -> Tensor:
    return INPUTS @ parameters[0].t() + parameters[1]


def recorded(evaluate: Callable[[list[Tensor]], Tensor]) -> tuple[Tape, list[Tensor], Tensor]:
    parameters = weights()
    tape = Tape(lambda: False)
    tape.resume()
    try:
        loss = evaluate(parameters)
    finally:
        tape.pause()
    return tape, parameters, loss


class ARecordedEvaluation(unittest.TestCase):
    def assert_same(self, evaluate: Callable[[list[Tensor]], Tensor]) -> None:
        """Gradient and a Hessian-vector product, in double precision: sums in another order differ by about 1e-16."""
        tape, parameters, loss = recorded(evaluate)
        graph = TapeGraph(tape, [loss], [None], parameters)
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        own = torch.cat([each.reshape(-1) for each in gradients])
        torch.testing.assert_close(graph.gradient(), own.detach(), rtol=1e-12, atol=1e-14)
        vector = torch.linspace(-1, 2, own.numel(), dtype=torch.float64)
        products = torch.autograd.grad(own, parameters, vector)
        expected = torch.cat([each.reshape(-1) for each in products])
        torch.testing.assert_close(graph.product(vector), expected, rtol=1e-12, atol=1e-14)

    def test_has_the_derivatives_of_the_one_that_ran(self) -> None:
        self.assert_same(lambda parameters: torch.tanh(affine(parameters)).square().mean())

    def test_follows_writes_into_values_in_between(self) -> None:
        def evaluate(parameters: list[Tensor]) -> Tensor:
            hidden = affine(parameters)
            hidden[1] = hidden[0].clone().sin()
            hidden.mul_(2)
            filled = torch.zeros(5, 4, dtype=torch.float64)
            filled[:, 1:] = hidden[:, :3]
            return filled.square().mean() + hidden.exp().mean()

        self.assert_same(evaluate)

    def test_keeps_what_was_drawn_though_it_is_written_over(self) -> None:
        def evaluate(parameters: list[Tensor]) -> Tensor:
            noise = torch.randn(5, 4, dtype=torch.float64)
            noisy = affine(parameters) + noise.clone()
            noise.zero_()
            return torch.nn.functional.dropout(noisy, 0.5, training=True).square().mean()

        self.assert_same(evaluate)

    def test_is_refused_where_an_input_was_written_over_after_use(self) -> None:
        scale = torch.full((5, 4), 2.0, dtype=torch.float64)
        tape, parameters, loss = recorded(lambda given: (affine(given) * scale).square().mean())
        scale.add_(1)
        with self.assertRaisesRegex(NotDifferentiable, "written over after it was used"):
            TapeGraph(tape, [loss], [None], parameters)

    def test_is_refused_where_the_loss_does_not_come_from_the_weights(self) -> None:
        tape, parameters, _ = recorded(lambda given: affine(given).mean())
        with self.assertRaisesRegex(NotDifferentiable, "not computed by operations on the weights"):
            Program(tape, parameters, [torch.zeros(())])

    def test_is_given_up_beyond_its_bounds_and_holds_nothing_then(self) -> None:
        most = tape_module._MOST_OPERATIONS
        tape_module._MOST_OPERATIONS = 3
        try:
            tape, parameters, loss = recorded(lambda given: affine(given).square().exp().sin().mean())
        finally:
            tape_module._MOST_OPERATIONS = most
        self.assertFalse(tape.is_whole)
        self.assertEqual(tape.operations, [])
        with self.assertRaisesRegex(NotDifferentiable, "too many operations"):
            TapeGraph(tape, [loss], [None], parameters)
        tape.resume()
        self.assertFalse(tape.is_recording)

    def test_counts_bytes_of_results_once_though_they_are_written_to(self) -> None:
        tape, _, _ = recorded(lambda given: affine(given).mul_(2).mul_(2).mean())
        # Of 5 · 4 doubles: the product and the sum; a transposed view of 4 · 3; the mean.
        self.assertEqual(tape.bytes, 8 * (2 * 20 + 12 + 1))

    def test_notes_nothing_of_our_own_doing_nor_in_a_forked_process(self) -> None:
        ours = [True]
        tape = Tape(lambda: ours[0])
        tape.resume()
        torch.ones(2) + 1
        ours[0] = False
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            torch.ones(2) + 1
            os.write(writer, bytes([len(tape.operations)]))
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(os.read(reader, 1), b"\0")
        torch.ones(2) + 1
        tape.pause()
        self.assertEqual([each.name for each in tape.operations].count("aten::add"), 1)
        for descriptor in (reader, writer):
            os.close(descriptor)

    def test_lies_still_under_a_mode_that_the_script_has_entered(self) -> None:
        seen: list[str] = []

        class Counting(TorchDispatchMode):
            def __torch_dispatch__(self, function, types, args=(), kwargs=None):
                seen.append(function._schema.name)
                return function(*args, **(kwargs or {}))

        tape = Tape(lambda: False)
        tape.resume()
        with Counting():
            # It cannot leave from below: it stays, and does nothing.
            tape.pause()
            torch.ones(2)
        self.assertEqual((seen, tape.operations), (["aten::ones"], []))
        tape.pause()
        self.assertEqual(torch._C._len_torch_dispatch_stack(), 0)
        with Counting():
            tape.resume()
            torch.ones(3)
            tape.discard()
        self.assertEqual((seen, tape.operations), (["aten::ones", "aten::ones"], []))


if __name__ == "__main__":
    unittest.main()
