"""Facts made by hand for tests of checks and verdicts: small, and of the published shapes' counts."""

from __future__ import annotations

import hashlib

from auditor.facts import (
    Architecture,
    Artifact,
    Checkpoint,
    Claim,
    Cost,
    Evidence,
    Facts,
    Head,
    Inspected,
    Link,
    Parameters,
    Repository,
    Source,
    Status,
    Tensor,
    Unreadable,
    numbered,
)

SHA = hashlib.sha256(b"x").hexdigest()
FOLDER = "https://drive.google.com/drive/folders/abc"


def claim(variant="Ours-M", attribute="params", value=7.59, unit="M", printed="7.59M", rank="primary", origin="picture", **more):
    locator = more.pop("locator", "assets/t.png#xywh=1,2,3,4")
    evidence = Evidence("picture:assets/t.png" if rank == "primary" else "claims:mine.yaml", locator, f"{variant} {printed}", SHA)
    return Claim("", variant, attribute, value, unit, more.pop("setting", ""), rank, origin, evidence, printed, **more)


def network(
    learnable,
    buffers=0,
    *,
    family="convnext",
    depths=(3, 3, 9, 3),
    dims=(48, 96, 192, 384),
    outputs=576,
    explained=1.0,
    head_channels=256,
    cost=None,
    **more,
):
    tensors = (
        Tensor("backbone.stem.weight", (dims[0] if dims else 8, 3, 4, 4), "float32"),
        Tensor("head.final.weight", (outputs, head_channels, 1, 1), "float32"),
    )
    head = Head("depthwise_separable", (3, 3, 3), (head_channels,) * 3, (outputs,), ("head.final",))
    architecture = Architecture(
        family,
        more.pop("name", None),
        depths,
        dims,
        more.pop("head", head),
        explained=explained,
        first_layer=("backbone.stem.weight", tensors[0].shape),
    )
    checkpoint = Checkpoint(None, "torch_zip", more.pop("saved_as", None), "network", "module.", more.pop("tensors", tensors), SHA, **more)
    fingerprint = hashlib.sha256(repr((learnable, buffers, family, depths, dims, outputs)).encode()).hexdigest()
    return Inspected("", checkpoint, Parameters(learnable, buffers), architecture, cost, fingerprint)


XS = network(3_528_008, 6_132, depths=(2, 2, 6, 2), dims=(40, 80, 160, 320), head_channels=128)
S = network(7_438_976, 9_978)
M = network(7_587_008, 9_978, outputs=1152, cost=Cost(2_795_000_000, (256, 256), "all blocks upsample"))
L = network(8_380_352, 11_002, outputs=1152, head_channels=512, cost=Cost(4_264_000_000, (256, 256), "all blocks upsample"))
RESNET = network(34_005_570, 53_000, family="resnet", depths=(3, 4, 6, 3), dims=(256, 512, 1024, 2048), name="resnet50", outputs=1)

CLAIMS = (
    claim("Ours-M"),
    claim("Ours-M", "gflops", 2.82, "G", "2.82"),
    claim("Ours-M", "MPJPE", 51.05, "mm", "51.05", setting="protocol 2"),
    claim("Ours-L", "params", 8.38, "M", "8.38M"),
    claim("Ours-L", "gflops", 4.30, "G", "4.30"),
    claim("Ours-L", "MPJPE", 49.75, "mm", "49.75", setting="protocol 2"),
)


def facts(files, claims=CLAIMS, *, listing=Status.OK, full_name="medialab-ku/ConvNeXtPose", extra_sources=(), linked=True):
    """Return facts of a folder of files: {name: Inspected | Unreadable | Status}."""
    link = Link("L1", FOLDER, "google_drive", "folder", "checkpoint", "here", Evidence("document:README.md", "README.md#L9", "here", SHA))
    artifacts, sources = [], [Source("repository:x", "repository", "https://github.com/x", Status.OK, required=True, sha256=SHA)]
    if linked:
        sources.append(Source(f"listing:{FOLDER}", "listing", FOLDER, listing, f"folder of {len(files)} files", required=True, sha256=SHA))
    for n, (name, content) in enumerate(files.items(), 1):
        url = f"https://drive.google.com/file/d/{n}"
        status = Status.OK if isinstance(content, Inspected) else content.status if isinstance(content, Unreadable) else content
        contents = (content,) if isinstance(content, Inspected | Unreadable) else ()
        artifacts.append(Artifact(f"a{n}", "L1", name, url, "google_drive", 10**7, status, source=f"file:{url}", contents=contents))
        sources.append(Source(f"file:{url}", "file", url, status, required=True, sha256=SHA))
    repository = Repository(full_name, "main", "0" * 40, f"https://github.com/{full_name}")
    return numbered(
        Facts(
            "0",
            "2026-01-01T00:00:00Z",
            1.0,
            repository,
            (*sources, *extra_sources),
            (link,) if linked else (),
            tuple(claims),
            tuple(artifacts),
        )
    )
