"""Reports made by hand, one for each situation that a report must explain: built from plain records, no file is read."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import replace
from typing import Any

from auditor.facts import (
    Architecture,
    Artifact,
    Checkpoint,
    Claim,
    Cost,
    Evidence,
    Facts,
    Fork,
    Head,
    Inspected,
    Link,
    Parameters,
    ReleaseAsset,
    Repository,
    Safety,
    Source,
    Stats,
    Status,
    Tensor,
    Thread,
    Training,
    TreeEntry,
    Unreadable,
    numbered,
)
from auditor.findings import (
    AuditReport,
    Comparison,
    Confidence,
    Finding,
    Outcome,
    Severity,
    VariantVerdict,
    Verdict,
)

FOLDER = "https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOpQrStUvWxYz012345"
DAY = "2026-11-20T10:30:00Z"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


REPOSITORY = Repository(
    full_name="example-lab/PoseNeXt",
    ref="main",
    commit="08352eef94179bbd22e85877dc55dee0fae6e36d",
    url="https://github.com/example-lab/PoseNeXt",
    description="Poses from pictures",
    tree=(TreeEntry("README.md", 4000), TreeEntry("assets/P2.png", 90_000), TreeEntry("main/config.py", 2000)),
    threads=(Thread(7, "Where are the checkpoints of @someone?", "closed", "https://github.com/example-lab/PoseNeXt/issues/7"),),
    forks=(Fork("somebody/PoseNeXt", "https://github.com/somebody/PoseNeXt", "2025-10-13T00:00:00Z"),),
)
README_LINK = Link(
    id="l1",
    url=FOLDER,
    host="google_drive",
    target="folder",
    purpose="checkpoint",
    label="pre-trained models",
    evidence=Evidence("document:README.md", "README.md#L88", f"[pre-trained models]({FOLDER})", digest("readme")),
    section="Test",
    line=88,
    reason="pre-trained models",
)

# name: depths, dims, head channels, outputs, learnable, buffers, MACs
NETWORKS: dict[str, tuple[tuple[int, ...], tuple[int, ...], int, int, int, int, int]] = {
    "XS": ((2, 2, 6, 2), (40, 80, 160, 320), 128, 576, 3_528_008, 6_132, 815_000_000),
    "S": ((3, 3, 9, 3), (48, 96, 192, 384), 256, 576, 7_438_976, 9_978, 1_738_000_000),
    "M": ((3, 3, 9, 3), (48, 96, 192, 384), 256, 1152, 7_587_008, 9_978, 2_795_000_000),
    "L": ((3, 3, 9, 3), (48, 96, 192, 384), 512, 1152, 8_380_352, 11_002, 4_264_000_000),
}


def inspected(network: str, saved_as: str = "snapshot_83.pth") -> Inspected:
    """A ConvNeXt with a pose head; a last tensor makes up the published count."""
    depths, dims, width, outputs, learnable, buffers, macs = NETWORKS[network]
    tensors = [
        Tensor("backbone.downsample_layers.0.0.weight", (dims[0], 3, 4, 4), "float32"),
        Tensor("backbone.stages.3.0.pwconv1.weight", (4 * dims[3], dims[3]), "float32"),
        Tensor("head.deconv_layers_1.pwconv.weight", (width, dims[3], 1, 1), "float32"),
        Tensor("head.final_layer.weight", (outputs, width, 1, 1), "float32"),
        Tensor("backbone.norm.running_mean", (buffers,), "float32"),
    ]
    tensors.insert(3, Tensor("backbone.rest", (learnable - sum(t.numel for t in tensors[:4]),), "float32"))
    name = "convnext_atto" if network == "XS" else "convnext_femto"
    return Inspected(
        id="",
        checkpoint=Checkpoint(
            member=None,
            format="torch_zip",
            saved_as=saved_as,
            state_key="network",
            prefix="module.",
            tensors=tuple(tensors),
            sha256=digest(network),
            training=Training(epoch=83, optimizer="adam-like (exp_avg, exp_avg_sq)", recorded_metrics=(("best", 51.25),)),
            storage_bytes=12 * learnable,
            size=12 * learnable + 230_000,
        ),
        parameters=Parameters(learnable, buffers),
        architecture=Architecture(
            family="convnext",
            name=name,
            depths=depths,
            dims=dims,
            head=Head("depthwise_separable", (3, 3, 3), (width,) * 3, (outputs,), ("head.final_layer",)),
            joints=18,
            explained=1.0,
            closest=((name, 1.0),),
            summary=f"{name} with batch norm, then three depthwise-separable blocks of {width} and a final layer of {outputs}",
            first_layer=("backbone.downsample_layers.0.0.weight", (dims[0], 3, 4, 4)),
            variant_of="official",
            traits=("batch norm",),
            cannot_know=("which head blocks upsample",),
        ),
        cost=Cost(macs, (256, 256), "the last head block upsamples" if outputs == 1152 else "the last head block does not upsample"),
        fingerprint=digest("structure" + network),
    )


def resnet() -> Inspected:
    tensors = (
        Tensor("backbone.conv1.weight", (64, 3, 7, 7), "float32"),
        Tensor("backbone.rest", (34_005_570 - 9408 - 256 - 16384,), "float32"),
        Tensor("head.deconv_layers.0.weight", (256, 16, 2, 2), "float32"),
        Tensor("head.xy_layer.weight", (1, 256, 1, 1), "float32"),
    )
    return Inspected(
        id="",
        checkpoint=Checkpoint(
            member=None,
            format="torch_legacy",
            saved_as=None,
            state_key="network",
            prefix="module.",
            tensors=tensors,
            sha256=digest("resnet"),
            training=Training(epoch=18, optimizer="adam-like (exp_avg, exp_avg_sq)"),
            size=408_301_240,
        ),
        parameters=Parameters(34_005_570, 53_120),
        architecture=Architecture(
            family="resnet",
            name="resnet50",
            depths=(3, 4, 6, 3),
            dims=(256, 512, 1024, 2048),
            head=Head("rootnet", (4, 4, 4), (256, 256, 256), (1, 1), ("head.xy_layer", "head.depth_layer")),
            explained=1.0,
            closest=(("resnet50", 1.0), ("resnet101", 0.6)),
            summary="resnet50 with three deconvolutions of 256, then xy_layer 1 and depth_layer 1",
            first_layer=("backbone.conv1.weight", (64, 3, 7, 7)),
            variant_of="torchvision",
        ),
        fingerprint=digest("structure resnet"),
    )


def artifact(name: str, content: Inspected | Unreadable, number: int) -> Artifact:
    size = content.checkpoint.size if isinstance(content, Inspected) else 1234
    status = Status.OK if isinstance(content, Inspected) else content.status
    url = f"https://drive.google.com/file/d/1{number}AbCdEfGhIjKlMnOpQrStUvWxYz0123/view"
    return Artifact(
        id=f"a{number}",
        link="l1",
        name=name,
        url=url,
        host="google_drive",
        size=size,
        status=status,
        bytes_read=98_304,
        requests=3,
        source=f"file:{url}",
        contents=(content,),
    )


def picture_claim(variant: str, attribute: str, printed: str, value: float, unit: str, box: str, setting: str = "") -> Claim:
    place = Evidence("picture:assets/P2.png", f"assets/P2.png#xywh={box}", printed, digest("picture"), "rapidocr 3.4")
    return Claim(
        id="",
        variant=variant,
        attribute=attribute,
        value=value,
        unit=unit,
        setting=setting,
        rank="primary",
        origin="picture",
        evidence=place,
        printed=printed,
        confidence=0.98,
        row={"Ours-M": "Ours-M 51.05 2.82 7.59M", "Ours-L": "Ours-L 49.75 4.30 8.38M"}[variant],
    )


AUTHORS_CLAIMS = (
    picture_claim("Ours-M", "params", "7.59M", 7.59, "M", "420,338,52,20"),
    picture_claim("Ours-M", "gflops", "2.82", 2.82, "G", "373,338,40,20"),
    picture_claim("Ours-M", "MPJPE", "51.05 mm", 51.05, "mm", "310,338,48,20", "protocol 2"),
    picture_claim("Ours-L", "params", "8.38M", 8.38, "M", "420,361,52,20"),
    picture_claim("Ours-L", "gflops", "4.30", 4.30, "G", "373,361,40,20"),
    picture_claim("Ours-L", "MPJPE", "49.75 mm", 49.75, "mm", "310,361,48,20", "protocol 2"),
)


def secondary(variant: str, attribute: str, printed: str, value: Any, unit: str | None, line: int) -> Claim:
    place = Evidence("claims:mine.yaml", f"mine.yaml#L{line}", printed, digest("mine"), "yaml")
    return Claim("", variant, attribute, value, unit, "", "secondary", "file", place, printed)


def sources(artifacts: tuple[Artifact, ...], listing: Status = Status.OK, detail: str = "") -> tuple[Source, ...]:
    names = ", ".join(a.name for a in artifacts)
    return (
        Source("repository:example-lab/PoseNeXt", "repository", REPOSITORY.url, Status.OK, "commit 08352eef", True, DAY),
        Source(
            "document:README.md",
            "document",
            REPOSITORY.permalink("README.md"),
            Status.OK,
            "4,000 bytes",
            True,
            DAY,
            sha256=digest("readme"),
        ),
        Source("picture:assets/P2.png", "picture", REPOSITORY.permalink("assets/P2.png"), Status.OK, "a table of 8 rows", True, DAY),
        Source(
            f"listing:{FOLDER}", "listing", FOLDER, listing, detail or f"folder of {len(artifacts)} files", True, DAY, names, digest(names)
        ),
        Source("paper:doi", "paper", "https://ieeexplore.example/document/10288440", Status.DENIED, "paywall", False, DAY),
        *(Source(a.source, "file", a.url, a.status, a.detail or "header read", True, DAY) for a in artifacts),
    )


def facts(
    files: dict[str, Inspected | Unreadable], claims: tuple[Claim, ...] = AUTHORS_CLAIMS, listing: Status = Status.OK, detail: str = ""
) -> Facts:
    artifacts = tuple(artifact(name, content, n) for n, (name, content) in enumerate(files.items(), 1))
    seen = sources(artifacts, listing, detail)
    if any(claim.rank == "secondary" for claim in claims):
        seen += (Source("claims:mine.yaml", "claims", "", Status.OK, "the investigator's file", False, DAY),)
    return numbered(
        Facts(
            tool_version="0.1.0",
            started_at=DAY,
            seconds=6.25,
            repository=REPOSITORY,
            sources=seen,
            links=(README_LINK,),
            claims=claims,
            artifacts=artifacts,
            stats=Stats(1_200_000, sum(a.size or 0 for a in artifacts), 31, 400_000_000),
            options=(("fail_on", "missing"), ("language", "en")),
        )
    )


def claims_of(seen: Facts, variant: str, rank: str = "primary") -> tuple[Claim, ...]:
    return tuple(claim for claim in seen.claims if claim.variant == variant and claim.rank == rank)


def compared(seen: Facts, variant: str, item: Inspected, *, agrees: bool) -> tuple[Comparison, ...]:
    params, gflops = claims_of(seen, variant)[:2]
    assert item.cost is not None
    return (
        Comparison(
            item.id,
            "params",
            params.printed,
            f"{item.parameters.learnable:,} learnable",
            agrees,
            "learnable parameters" if agrees else "",
            "printed precision: [7.585, 7.595) M" if variant.endswith("M") else "printed precision: [8.375, 8.385) M",
            params.id,
        ),
        Comparison(
            item.id,
            "gflops",
            gflops.printed,
            f"{item.cost.macs / 1e9:.3f} G",
            agrees,
            "multiply-accumulates",
            "3%",
            gflops.id,
            "primary",
            f"if {item.cost.assumption}",
        ),
    )


def finding(seen: Facts, check: str, subject: str, outcome: Outcome, title: str, detail: str, **more: Any) -> Finding:
    severity = {Outcome.HOLDS: Severity.INFO, Outcome.FAILS: Severity.HIGH, Outcome.UNKNOWN: Severity.MEDIUM}[outcome]
    evidence = more.pop("evidence", tuple(source.as_evidence() for source in seen.sources if source.kind == "listing"))
    made = Finding("", check, subject, outcome, severity, Confidence.HIGH, title, detail, "", "", evidence)
    return replace(made, **more)


def report(seen: Facts, variants: tuple[VariantVerdict, ...], findings: tuple[Finding, ...], *, complete: bool = True) -> AuditReport:
    accused = any(variant.verdict.accuses for variant in variants)
    ordered = tuple(replace(one, id=f"f{n}") for n, one in enumerate(findings, 1))
    return AuditReport(seen, ordered, variants, complete, 1 if accused else 0 if complete else 4)


def agreeing(seen: Facts, variant: str, name: str) -> VariantVerdict:
    item = next(item for artifact, item in seen.inspected() if artifact.name == name)
    ids = tuple(claim.id for claim in claims_of(seen, variant))
    both = compared(seen, variant, item, agrees=True)
    return VariantVerdict(variant, Verdict.CONSISTENT, (item.id,), ids, both, f"{name}: gflops, params agree")


def unclaimed(seen: Facts, name: str) -> VariantVerdict:
    item = next(item for artifact, item in seen.inspected() if artifact.name == name)
    return VariantVerdict(name, Verdict.UNCLAIMED, (item.id,), reason="no primary source claims anything of it")


def consistent() -> AuditReport:
    """Drive holds XS, S, M, L: nothing is missing, nobody is asked for anything."""
    seen = facts({f"PoseNeXt_{name}.tar": inspected(name) for name in ("XS", "S", "M", "L")})
    variants = (
        agreeing(seen, "Ours-M", "PoseNeXt_M.tar"),
        agreeing(seen, "Ours-L", "PoseNeXt_L.tar"),
        unclaimed(seen, "PoseNeXt_XS.tar"),
        unclaimed(seen, "PoseNeXt_S.tar"),
    )
    holds = finding(
        seen, "variant-released", "Ours-M", Outcome.HOLDS, "Ours-M has a checkpoint: PoseNeXt_M.tar", "by name", variant="Ours-M"
    )
    return report(seen, variants, (holds,))


def missing() -> AuditReport:
    """Drive holds XS, S and a ResNet-50: M and L are missing, the snapshot is foreign."""
    seen = facts({"PoseNeXt_XS.tar": inspected("XS"), "PoseNeXt_S.tar": inspected("S"), "snapshot_18.pth.tar": resnet()})
    foreign = seen.inspected()[2][1]
    why = "Every place that the repository links was listed completely, and no file there has its name or its structure."
    variants = (
        *(VariantVerdict(name, Verdict.MISSING, (), tuple(c.id for c in claims_of(seen, name)), (), why) for name in ("Ours-M", "Ours-L")),
        unclaimed(seen, "PoseNeXt_XS.tar"),
        unclaimed(seen, "PoseNeXt_S.tar"),
        VariantVerdict(
            "snapshot_18",
            Verdict.FOREIGN,
            (foreign.id,),
            reason="it is a resnet50, and the paper's network is a convnext",
            proposed_name="resnet50",
        ),
    )
    found = tuple(
        finding(
            seen,
            "variant-released",
            name,
            Outcome.FAILS,
            f"No checkpoint of {name} among the files that the repository links",
            why,
            variant=name,
            expected=f"a checkpoint of {name}",
            observed="listed: PoseNeXt_XS.tar, PoseNeXt_S.tar, snapshot_18.pth.tar",
            remedy="Ask the authors whether it can be uploaded.",
            evidence=(claims_of(seen, name)[0].evidence, *(s.as_evidence() for s in seen.sources if s.kind == "listing")),
        )
        for name in ("Ours-M", "Ours-L")
    )
    return report(seen, variants, found)


def mislabelled() -> AuditReport:
    """Drive holds files named L, M and S that all carry S's tensors."""
    seen = facts({f"PoseNeXt_{name}.tar": inspected("S") for name in ("L", "M", "S")})
    items = {artifact.name: item for artifact, item in seen.inspected()}
    variants = []
    found = []
    for name in ("Ours-M", "Ours-L"):
        file = f"PoseNeXt_{name[-1]}.tar"
        claims = claims_of(seen, name)
        wrong = compared(seen, name, items[file], agrees=False)
        reason = f"{file}: params: {claims[0].printed} claimed, 7,438,976 measured; it holds the network of PoseNeXt_S.tar"
        ids = tuple(c.id for c in claims)
        variants.append(
            VariantVerdict(name, Verdict.MISLABELLED, (items[file].id,), ids, wrong, reason, "PoseNeXt_S.tar", "PoseNeXt_S.tar")
        )
        found.append(
            finding(
                seen,
                "claims-agree",
                file,
                Outcome.FAILS,
                f"{file} does not agree with what is claimed of {name}",
                f"params: {claims[0].printed} claimed, 7,438,976 measured",
                variant=name,
                expected=f"params {claims[0].printed}",
                observed="params 7,438,976 learnable",
                evidence=(
                    claims[0].evidence,
                    Evidence(seen.artifacts[0].source, "data.pkl!module.head.final_layer.weight", "[576, 256, 1, 1]", digest("S")),
                ),
                checkpoints=(items[file].id,),
                comparisons=wrong,
            )
        )
    return report(seen, (*variants, unclaimed(seen, "PoseNeXt_S.tar")), tuple(found))


def incomplete() -> AuditReport:
    """The folder could not be listed: nothing is called missing."""
    why = "Google Drive asks for a sign-in: the folder is not shared with everybody"
    seen = facts({}, listing=Status.DENIED, detail=why)
    variants = tuple(
        VariantVerdict(
            name, Verdict.UNVERIFIABLE, (), tuple(c.id for c in claims_of(seen, name)), (), f"not everything could be seen: {FOLDER}: {why}"
        )
        for name in ("Ours-M", "Ours-L")
    )
    found = finding(
        seen,
        "sources-seen",
        FOLDER,
        Outcome.UNKNOWN,
        f"Could not see the listing {FOLDER} whole",
        why,
        remedy="Ask for access, or open it in a browser while signed out to see what others see.",
    )
    return report(seen, variants, (found,), complete=False)


def conflict() -> AuditReport:
    """All four are there, and the investigator brings numbers of their own."""
    mine = (
        secondary("L", "params", "197.8M", 197.8, "M", 3),
        secondary("L", "dims", "192, 384, 768, 1536", (192, 384, 768, 1536), None, 4),
        secondary("L", "MPJPE (protocol 2)", "42.3 mm", 42.3, "mm", 5),
    )
    seen = facts({f"PoseNeXt_{name}.tar": inspected(name) for name in ("XS", "S", "M", "L")}, AUTHORS_CLAIMS + mine)
    large = agreeing(seen, "Ours-L", "PoseNeXt_L.tar")
    known = [claim for claim in seen.claims if claim.rank == "secondary"]
    theirs = Comparison(large.checkpoints[0], "params", "197.8M", "8,380,352 learnable", False, claim=known[0].id, rank="secondary")
    large = replace(large, claims=large.claims + tuple(c.id for c in known), comparisons=(*large.comparisons, theirs))
    own = claims_of(seen, "Ours-L")
    found = tuple(
        finding(
            seen,
            "claim-conflict",
            "claims:mine.yaml",
            Outcome.FAILS,
            "Ours-L: a secondary claim contradicts the authors' table",
            f"claims:mine.yaml says {claim.attribute} {claim.printed}; the authors say {other.attribute} {other.printed}. The authors' own number stands.",
            severity=Severity.MEDIUM,
            variant="Ours-L",
            expected=f"{other.attribute} {other.printed}",
            observed=f"{claim.attribute} {claim.printed}",
            evidence=(claim.evidence, other.evidence),
            claims=(claim.id,),
        )
        for claim, other in ((known[0], own[0]), (known[2], own[2]))
    )
    variants = (agreeing(seen, "Ours-M", "PoseNeXt_M.tar"), large, unclaimed(seen, "PoseNeXt_XS.tar"), unclaimed(seen, "PoseNeXt_S.tar"))
    return report(seen, variants, found)


def contradicted() -> AuditReport:
    """L holds a network that is no known variant's; another file could not be read; one lies in an archive."""
    odd = inspected("M", "archive")
    odd = replace(
        odd,
        parameters=Parameters(5_000_000, 100),
        checkpoint=replace(
            odd.checkpoint, member="weights/L.pth", safety=Safety("suspicious", ("numpy.core.multiarray.scalar",)), warnings=("odd",)
        ),
        fingerprint=digest("odd"),
    )
    broken = Unreadable(None, "the file ends before its directory does", "truncated", Status.ERROR)
    seen = facts({"PoseNeXt_L.zip": odd, "PoseNeXt_M.tar": inspected("M"), "PoseNeXt_H.tar": broken})
    item = seen.inspected()[0][1]
    ids = tuple(c.id for c in claims_of(seen, "Ours-L"))
    wrong = compared(seen, "Ours-L", item, agrees=False)
    variants = (
        agreeing(seen, "Ours-M", "PoseNeXt_M.tar"),
        VariantVerdict("Ours-L", Verdict.CONTRADICTED, (item.id,), ids, wrong, "PoseNeXt_L.zip: params: 8.38M claimed, 5,000,000 measured"),
    )
    return report(seen, variants, (), complete=False)


ATTACKS = (
    "@octocat @org/team fixes #1",
    "![x](https://evil.example/pixel.png)",
    "<img src=x onerror=alert(1)><!-- ",
    "| a | b |\n| --- | --- |",
    "\n# Heading\n\n---\ntitle: x\n---",
    "`]() [click](javascript:alert(1))",
    "``` \n```sh\nrm -rf /\n```",
    "[x]: https://evil.example [^1]",
    "$(touch pwned) ; $x$ $$y$$ :smile:",
    "https://github.com/o/r/issues/1 www.evil.example a@b.example GH-1 o/r#2",
    "\x1b[31mred\x1b[0m \u202eevil \x00 \ud800",
    "</details></table>' \" ' END\nEND\nimport os",
    "{{ 7*7 }} {% include 'x' %} [red]x[/red]",
    "https://evil.example/) [x](https://evil.example/",
)


def poisoned(value: Any, counter: list[int], keep: frozenset[str] = frozenset()) -> Any:
    """The same records with an attack in every text that strangers write."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {f.name: poisoned(getattr(value, f.name), counter) for f in dataclasses.fields(value) if f.name not in FIXED}
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(poisoned(item, counter) for item in value)
    if type(value) is str and value:  # a new field that nobody fills must not turn the wheel
        counter[0] += 1
        return f"{value} {ATTACKS[counter[0] % len(ATTACKS)]}"
    return value


# Words of our own vocabulary, ids, and the numbers that only our own readers write.
FIXED = frozenset(
    "id status target purpose rank origin outcome severity confidence verdict check kind format sha256 started_at tool_version checkpoint "
    "checkpoints claims claim options link source commit seen_at attribute owner agrees fingerprint".split()
)


def hostile() -> AuditReport:
    """Missing, mislabelled and foreign at once, with an attack in every text."""
    first, second, third = missing(), mislabelled(), contradicted()
    made: AuditReport = poisoned(first, [0])
    other: AuditReport = poisoned(second, [5])
    variants = (*made.variants, *(replace(v, checkpoints=("k1",), comparisons=()) for v in other.variants), *poisoned(third, [9]).variants)
    seen = made.facts
    releases = (ReleaseAsset("v1 @x", "a|b", "javascript:alert(1)", 1),)
    return replace(made, variants=variants, facts=replace(seen, repository=replace(seen.repository, releases=releases)))


SITUATIONS = {
    "consistent": consistent,
    "missing": missing,
    "mislabelled": mislabelled,
    "incomplete": incomplete,
    "conflict": conflict,
    "contradicted": contradicted,
    "hostile": hostile,
}
