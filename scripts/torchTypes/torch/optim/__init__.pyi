from typing import Any


class Optimizer:
    def __getattr__(self, name: str) -> Any: ...

    param_groups: list[dict[str, Any]]
    defaults: dict[str, Any]
    state: dict[Any, dict[str, Any]]
    step: Any
    zero_grad: Any


def __getattr__(name: str) -> Any: ...
