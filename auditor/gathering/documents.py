"""repository -> documents: the texts of a repository with their structure."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.documents.reading import read_documents, symlinks_of
from auditor.facts import Outline, Picture, Source
from auditor.progress import Progress
from auditor.repositories.interface import OpenedRepository


@dataclass(frozen=True, slots=True)
class Documents:
    """Outlines in the order in which they were read, the sources they came from, and the pictures that they show."""

    outlines: tuple[Outline, ...]
    sources: tuple[Source, ...]
    pictures: tuple[Picture, ...]

    @property
    def title(self) -> str:
        """Return the title of the README."""
        return next((outline.title for outline in self.outlines if outline.title), "")


def gather_documents(opened: OpenedRepository, progress: Progress) -> Documents:
    """Return README, what it links inside the repository, and configuration; a document that cannot be read is a source."""
    progress.stage("reading documents")
    repository = opened.repository
    collected = read_documents(
        opened.read,
        [entry.path for entry in repository.tree],
        repository.full_name,
        repository.commit,
        symlinks=symlinks_of([(entry.path, entry.symlink_to) for entry in repository.tree]),
    )
    for outline in collected.outlines:
        progress.item(outline.document.path)
    return Documents(collected.outlines, collected.sources, collected.pictures_to_read)
