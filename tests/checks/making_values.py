"""Facts of real checkpoints: modules of torch saved, read with their values, and put into a listed folder."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import torch
from making_facts import CLAIMS, facts

from auditor.architectures.inspection import inspect_checkpoint
from auditor.blob import BytesBlob
from auditor.facts import Facts, Inspected, numbered
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def inspected(value: object, *, full: bool = True) -> Inspected:
    """Return a checkpoint that torch saved, read from its bytes."""
    (found,) = read_contents(BytesBlob(saved(value), "file"), Limits(values_bytes=1 << 30) if full else Limits())
    parameters, architecture, fingerprint = inspect_checkpoint(found)
    return Inspected("", found, parameters, architecture, None, fingerprint)


def folder(files: dict[str, object], claims: tuple = CLAIMS, *, full: bool = True, hosted: bool = False) -> Facts:
    """Return facts of a folder with files that torch saved; with digests of the files as read, or as their host states them."""
    made = facts({name: inspected(value, full=full) for name, value in files.items()}, claims)
    digests = {name: hashlib.sha256(saved(value)).hexdigest() for name, value in files.items()}
    field = "sha256" if hosted else "read_sha256"
    artifacts = tuple(replace(artifact, **({field: digests[artifact.name]} if full or hosted else {})) for artifact in made.artifacts)
    return numbered(replace(made, artifacts=artifacts))


def convolutions(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, bias=False),
        torch.nn.BatchNorm2d(16),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, bias=False),
        torch.nn.BatchNorm2d(32),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(32, 10),
    )


def transformer(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(12, 32), torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2)
    )


def trained(module: torch.nn.Module, *shape: int, steps: int = 5, rate: float = 1e-2) -> torch.nn.Module:
    """Return the module after a few steps of AdamW on noise."""
    torch.manual_seed(9)
    optimizer = torch.optim.AdamW(module.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        module(torch.randn(8, *shape)).square().mean().backward()
        optimizer.step()
    return module
