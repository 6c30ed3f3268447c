"""The words of the report in one language: sentences by key, from `templates/<language>.toml`.

A sentence is ours and may hold Markdown; what is put into its `{places}` is escaped unless it is `Trusted`. Where a sentence
depends on a number it has two forms, `one` and `other`, chosen by `count`, and may have a third, `none`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from auditor.errors import UsageError
from auditor.escaping import Trusted, template_folder, text
from auditor.telling.figures import count_text

LANGUAGES = ("en", "es")

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalog with what goes into it."""

    key: str
    values: tuple[tuple[str, object], ...] = ()


def sentence(key: str, **values: object) -> Sentence:
    """Return a sentence by key with its values."""
    return Sentence(key, tuple(values.items()))


class Words:
    """The sentences of one language."""

    def __init__(self, language: str = "en") -> None:
        if language not in LANGUAGES:
            raise UsageError(f"no report in the language {language!r}", help=f"--lang {'|'.join(LANGUAGES)}")
        self.language = language
        with (template_folder() / f"{language}.toml").open("rb") as file:
            self._sentences: dict[str, Any] = tomllib.load(file)

    def say(self, key: str, **values: object) -> Trusted:
        """Return a sentence with its places filled."""
        form: Any = self._sentences
        for part in key.split("."):
            form = form[part]
        if isinstance(form, dict):
            count = values.get("count")
            form = form["one"] if count == 1 else form.get("none", form["other"]) if count == 0 else form["other"]
        return Trusted(_PLACE.sub(lambda place: self._filled(values[place.group(1)]), form))

    def tell(self, made: Sentence) -> Trusted:
        """Return a sentence that was made elsewhere."""
        return self.say(made.key, **dict(made.values))

    def _filled(self, value: object) -> str:
        """Return one value as it stands in a sentence."""
        if isinstance(value, Sentence):
            return self.tell(value)
        return count_text(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
