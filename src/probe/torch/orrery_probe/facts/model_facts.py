"""The modules of a model, as `model` records hold them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from ..journal import site_fields
from ..sites import SourceSite, caller_site


class Modules:
    """The modules that the script has made, where it made them, and what their parameters are called."""

    def __init__(self) -> None:
        self._sites: dict[int, SourceSite] = {}
        """By the modules' ids: a class may hash by attributes that it does not have yet."""
        self._made: dict[int, weakref.ref[torch.nn.Module]] = {}

    def created(self, module: torch.nn.Module) -> None:
        key = id(module)
        self._made[key] = weakref.ref(module, lambda _: self._forget(key))
        site = caller_site(module)
        if site is not None:
            self._sites[key] = site

    def _forget(self, key: int) -> None:
        del self._made[key]
        self._sites.pop(key, None)

    def site_of(self, module: torch.nn.Module) -> SourceSite | None:
        return self._sites.get(id(module))

    def model_of(self, parameters: Iterable[Tensor]) -> torch.nn.Module | None:
        """The smallest module that holds all of the parameters; else the one that holds most of them."""
        wanted = {id(each) for each in parameters}
        best: torch.nn.Module | None = None
        best_rank = (0, 0)
        for reference in list(self._made.values()):
            module = reference()
            if module is None:
                continue
            own = {id(each) for each in module.parameters()}
            rank = (len(own & wanted), -len(own))
            if own & wanted and (best is None or rank > best_rank):
                best, best_rank = module, rank
        return best


def parameter_names(model: torch.nn.Module | None, parameters: Iterable[Tensor]) -> dict[int, str]:
    """Names by `id`, beginning with a module's path as `model_fields` has it; parameters outside of the model are
    numbered."""
    root = type(model).__name__
    named = [] if model is None else model.named_parameters()
    known = {id(each): name if "." in name else f"{root}.{name}" for name, each in named}
    return {id(each): known.get(id(each), f"parameter_{index}") for index, each in enumerate(parameters)}


def model_fields(model: torch.nn.Module, modules: Modules) -> dict[str, Any]:
    """Of the modules that hold parameters themselves and those without children, in order, shared ones once."""
    facts = [_module_fields(path, each, modules) for path, each in model.named_modules() if _is_part(each)]
    matrices = [shape for each in facts for shape in each["parameterShapes"] if len(shape) >= 2]
    widths = [shape[0] for shape in matrices[:-1]]
    name = type(model).__name__
    return {
        "id": f"{name}-1",
        "name": name,
        "modules": facts,
        "parameters": sum(each["parameters"] for each in facts),
        "width": max(widths) if widths else None,
        "depth": sum(any(len(shape) >= 2 for shape in each["parameterShapes"]) for each in facts),
        "source": site_fields(modules.site_of(model)),
    }


def bare_fields(parameters: list[Tensor]) -> dict[str, Any]:
    """Of a model that is nothing but tensors."""
    facts = [
        {
            "path": f"parameter_{index}",
            "kind": "Tensor",
            "parameterShapes": [list(each.shape)],
            "parameters": each.numel(),
        }
        for index, each in enumerate(parameters)
    ]
    return {
        "id": "tensors",
        "modules": facts,
        "parameters": sum(each.numel() for each in parameters),
        "depth": sum(each.dim() >= 2 for each in parameters),
    }


def _is_part(module: torch.nn.Module) -> bool:
    return not any(True for _ in module.children()) or any(True for _ in module.parameters(recurse=False))


def _module_fields(path: str, module: torch.nn.Module, modules: Modules) -> dict[str, Any]:
    own = [each for each in module.parameters(recurse=False) if each.requires_grad]
    fields: dict[str, Any] = {
        "path": path or type(module).__name__,
        "kind": type(module).__name__,
        "parameterShapes": [list(each.shape) for each in own],
        "parameters": sum(each.numel() for each in own),
    }
    source = site_fields(modules.site_of(module))
    return fields if source is None else {**fields, "source": source}


def layer_of(parameter: str) -> str:
    """The module's path of a parameter's name."""
    return parameter.rpartition(".")[0] or parameter


def distinct(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Each tensor once, in order."""
    seen: set[int] = set()
    return [each for each in tensors if not (id(each) in seen or seen.add(id(each)))]  # type: ignore[func-returns-value]
