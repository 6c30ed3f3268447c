"""PROVIDER:MODEL into a model of pydantic-ai: OpenAI, Anthropic, Google, Ollama, and any server that speaks OpenAI's format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auditor.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from pydantic_ai.models import Model

# The provider's name here, its name in pydantic-ai, and the variable that holds its key.
PROVIDERS: dict[str, tuple[str, str]] = {
    "openai": ("openai", "OPENAI_API_KEY"),
    "anthropic": ("anthropic", "ANTHROPIC_API_KEY"),
    "google": ("google", "GOOGLE_API_KEY"),
    "ollama": ("ollama", ""),
}
OTHER_KEYS = {"google": "GEMINI_API_KEY"}
URL_KEY = "AUDITOR_AGENT_KEY"  # of the server at --agent-url, where it wants one
OLLAMA = "http://localhost:11434/v1"
EXAMPLE = "give for example --agent openai:gpt-5, anthropic:claude-sonnet-4-5, ollama:qwen3 or replay:agent.jsonl"


def open_model(name: str, url: str | None = None) -> Model:
    """Return the model of a name such as "openai:gpt-5"; with `url`, of the server there that speaks OpenAI's chat format.

    Nothing is asked yet. Raises `UsageError` for a name or key that cannot be used, `MissingExtra` without pydantic-ai.
    """
    provider, _, model = name.partition(":")
    if provider not in PROVIDERS or not model.strip():
        raise UsageError(f"--agent does not know {name!r}", f"providers are {', '.join(PROVIDERS)}", EXAMPLE)
    try:
        import pydantic_ai  # noqa: F401
    except ImportError as error:
        raise MissingExtra("an agent", "agent") from error
    if url is not None or provider == "ollama":
        return _compatible(model, url or os.environ.get("OLLAMA_BASE_URL") or OLLAMA)
    variables = [PROVIDERS[provider][1], OTHER_KEYS.get(provider, "")]
    if not any(os.environ.get(variable) for variable in variables if variable):
        raise UsageError(f"no key for {provider}", f"{variables[0]} is not set", f"export {variables[0]}=..., or give --agent-url")
    return _hosted(provider, model)


def secrets() -> tuple[str, ...]:
    """Return the keys of the environment, to be kept out of everything that is written down."""
    names = [*(key for _, key in PROVIDERS.values() if key), *OTHER_KEYS.values(), URL_KEY, "GITHUB_TOKEN", "GH_TOKEN", "HF_TOKEN"]
    return tuple(value for value in (os.environ.get(name, "") for name in names) if len(value) >= 8)


def _compatible(model: str, url: str) -> Model:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--agent-url {url!r} is no address", help="give for example --agent-url http://localhost:8000/v1")
    try:
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider
    except ImportError as error:
        raise MissingExtra("an agent", "agent") from error
    own = (urlsplit(url).hostname or "") == "api.openai.com"  # a key goes to its own host and nowhere else
    key = os.environ.get(URL_KEY) or (os.environ.get("OPENAI_API_KEY") if own else None) or "none"
    client = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)  # attempts are counted and written down by us
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))


def _hosted(provider: str, model: str) -> Model:
    """Return the model of a provider's own service. Attempts are ours, so its client makes none."""
    try:
        if provider == "openai":
            from openai import AsyncOpenAI
            from pydantic_ai.models.openai import OpenAIResponsesModel
            from pydantic_ai.providers.openai import OpenAIProvider

            return OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0)))
        if provider == "anthropic":
            from anthropic import AsyncAnthropic
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=AsyncAnthropic(max_retries=0)))
        from pydantic_ai.models.google import GoogleModel

        return GoogleModel(model, provider="google")
    except ImportError as error:
        raise MissingExtra(f"an agent of {provider}", "agent") from error
