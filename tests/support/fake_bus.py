"""A client of the bus that answers what a test told it to."""

from typing import Any

from shared.kernel.faults import Unavailable


class FakeBus:
    """Answers by (service, method): a value, a fault to raise, or a function of the arguments."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: Any) -> Any:
        del timeout
        self.asked.append((service, method, arguments))
        answer = self.answers.get((service, method), Unavailable(f"nobody answers for {service}"))
        if isinstance(answer, Exception):
            raise answer
        return answer(**arguments) if callable(answer) else answer
