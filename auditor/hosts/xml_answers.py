"""Reads the XML in which buckets answer: small trees, without document types, entities or anything that grows.

Expat is the parser of the standard library. A document type declaration is refused where it begins, so no entity is ever
declared; depth, elements and characters are bounded while they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from auditor.errors import NetworkError
from auditor.facts import State

MAX_DEPTH = 16
MAX_ELEMENTS = 200_000  # a page of 5000 blobs has some 20 for each
MAX_CHARACTERS = 16 << 20


@dataclass(slots=True)
class Element:
    """An element: its local name, its attributes, its own text and what is in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, *path: str) -> Element:
        """Return the first element on a path of names, an empty one where there is none."""
        here = self
        for name in path:
            here = next((child for child in here.children if child.name == name), Element(name))
        return here

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def said(self, *path: str) -> str:
        """Return the text at the end of a path, without blanks around it."""
        return self.find(*path).text.strip()


class _Reader:
    """Builds the tree, and stops where it grows too large."""

    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self._elements = self._characters = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise _refused("it is nested too deeply or has too many elements")
        element = Element(name.rpartition(" ")[2], attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise _refused("it has too many characters")
        self._open[-1].text += text

    def doctype(self, *_: object) -> None:
        raise _refused("it declares a document type")


def read_xml(body: bytes) -> Element:
    """Return the root element of an answer. Raises `NetworkError` where it is no XML of the kind that buckets send."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _refused(str(error)[:200]) from error
    return reader.root.children[0]


def _refused(why: str) -> NetworkError:
    return NetworkError("the answer is not the XML that was asked for", why, "open the link in a browser", state=State.SERVER_ERROR)
