from typing import Any


class Function:
    @classmethod
    def apply(cls, *arguments: Any) -> Any: ...


backward: Any
grad: Any


def __getattr__(name: str) -> Any: ...
