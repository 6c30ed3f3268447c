"""What an agent may cost: requests, tokens, seconds and money, checked before each request to the model."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from auditor.errors import UsageError

_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one audit's agent."""

    requests: int = 40
    tokens: int = 600_000  # read and written together
    seconds: float = 600.0
    usd: float = 2.0  # where the price of the model is known

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Return the budget of a text such as "requests=20,tokens=200k,usd=0.50". Raises `UsageError`.

        >>> Budget.parse("tokens=200k").tokens
        200000
        """
        known = {field.name for field in fields(cls)}
        found: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            match = re.fullmatch(r"([a-z]+)\s*=\s*\$?(\d{1,12}(?:\.\d{1,6})?)\s*([kKmM]?)", part)
            if match is None or match[1] not in known:
                raise UsageError(
                    f"--agent-budget cannot read {part!r}", help="use for example requests=40,tokens=600k,seconds=600,usd=2.00"
                )
            found[match[1]] = float(match[2]) * _FACTORS[match[3].lower()]
        default = cls()
        return cls(
            requests=int(found.get("requests", default.requests)),
            tokens=int(found.get("tokens", default.tokens)),
            seconds=found.get("seconds", default.seconds),
            usd=found.get("usd", default.usd),
        )


@dataclass(slots=True)
class Spent:
    """What an agent cost so far."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    usd: float | None = None  # None while no price is known

    def passed(self, budget: Budget) -> str | None:
        """Return the name of the limit that is used up, or None."""
        if self.requests >= budget.requests:
            return "requests"
        if self.input_tokens + self.output_tokens >= budget.tokens:
            return "tokens"
        if self.seconds >= budget.seconds:
            return "seconds"
        if self.usd is not None and self.usd >= budget.usd:
            return "usd"
        return None

    def __str__(self) -> str:
        """Return it as a person reads it: "3 requests, 12,345 tokens, $0.0212"."""
        money = "" if self.usd is None else f", ${self.usd:.4f}"
        return f"{self.requests} request{'s' * (self.requests != 1)}, {self.input_tokens + self.output_tokens:,} tokens{money}"
