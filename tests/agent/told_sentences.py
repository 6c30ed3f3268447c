"""Sentences, files and links that an agent may propose in the made-up situations: what is true of them, and what is not."""

from __future__ import annotations

from auditor.agent.proposals import CorrespondenceProposal, HypothesisProposal, LinkProposal, Place, SummaryProposal

TRUE_SENTENCES = """
s f5 | Wader_XS.tar agrees with what is claimed of Ours-XS.
s f6 | Wader_S.tar agrees with the 7.44M parameters claimed of Ours-S.
s f3 | No checkpoint of Ours-M was found among the linked files.
s f4 | No checkpoint of Ours-L is among the files that the repository links.
s f3 | The folder holds Wader_XS.tar, Wader_S.tar and snapshot_18.pth.tar.
s f7 | snapshot_18.pth.tar is a resnet50, while the paper's network is a convnext.
h f7 | Perhaps snapshot_18.pth.tar was uploaded by accident from another project.
h f3 | The checkpoint of Ours-M may have been forgotten when the folder was filled.
s f8 | Wader_XS.tar carries epoch 69 and the optimizer state.
s f9 | Wader_S.tar carries epoch 68, and 70 epochs are configured.
h f8 | Counting may begin at 0, so epoch 69 can be the last of 70 epochs.
s f14 | Wader_XS.tar was first saved as snapshot_69.pth.
h f15 | Since renaming a file for release is usual, the name snapshot_68.pth says nothing against Wader_S.tar.
s f16 | Everything that a verdict could rest on was seen.
s f16 | All 11 sources were read whole.
s f6 | Wader_S.tar has 7,438,976 learnable parameters.
s f5 | The measured cost of Wader_XS.tar is 0.815 G, and 0.82 is claimed.
h f7 | The snapshot may be a root network that was trained beside the others.
s f3 | Ours-M is missing: the listing is complete and no file there has its name or its structure.
s f7 | snapshot_18.pth.tar is not the paper's kind of network.
s f12 | Wader_S.tar takes 12.04 bytes per learnable parameter, as files with the moments of an Adam-like optimizer do.
h f3,f4 | Ours-L may have been left out together with Ours-M.
s f5,f6 | Wader_XS.tar and Wader_S.tar agree with the table.
s f1,f2 | Ours-XS and Ours-S each have a checkpoint.
s f3,f4 | Of the claimed variants, Ours-M and Ours-L have no checkpoint.
h f4 | The folder may have been filled before Ours-L was trained.
s f6 | Ours-S is claimed with 1.75 GFLOPS; Wader_S.tar has 1.738 G.
s f10 | The file snapshot_18.pth.tar carries epoch 18.
s f8 | The optimizer of Wader_XS.tar is Adam or AdamW.
h f7 | It is likely that snapshot_18.pth.tar belongs to another training, since its structure is that of a resnet50.
s f3 | The picture assets/shorewalk_aligned.png claims 7.59M parameters of Ours-M.
s f4 | The table in assets/shorewalk_absolute.png gives Ours-L an MPJPE of 50.40.
s f5 | Ours-XS is claimed with 3.53M parameters, and its file has 3,528,008.
s f3 | Ours-M is claimed with 2.82 GFLOPS and a PA MPJPE of 35.8 mm.
s f11 | Wader_XS.tar has 42,539,815 bytes.
h f4 | A reader cannot tell from the listing whether Ours-L was ever meant to be there.
s f2 | Wader_S.tar is the checkpoint of Ours-S by its name.
h f10 | The epoch 18 of snapshot_18.pth.tar suggests a short training.
s f15 | The name that Wader_S.tar was saved under is snapshot_68.pth.
s f13 | The optimizer state of snapshot_18.pth.tar explains its 408,451,711 bytes.
"""
FALSE_SENTENCES = """
s f6 | Wader_S.tar has 7,438,977 learnable parameters.
s f6 | Wader_S.tar has 7,483,976 learnable parameters.
s f6 | Wader_S.tar agrees with the 7.45M parameters claimed of Ours-S.
s f6 | Wader_S.tar agrees with the 7.44B parameters claimed of Ours-S.
s f6 | Wader_S.tar agrees with the 74.4M parameters claimed of Ours-S.
s f5 | Wader_XS.tar agrees with the 7.44M parameters claimed of Ours-S.
s f5,f6 | Wader_XS.tar has 7,438,976 learnable parameters.
s f5,f6 | Ours-S is claimed with 3.53M parameters.
s f5,f6 | Wader_S.tar has 1.738 G and Wader_XS.tar has 1.738 G.
s f3,f4 | Ours-M is claimed with 8.38M parameters.
s f3,f4 | Ours-L reaches an MPJPE of 52.15 mm.
s f3 | Ours-M has 7.59M parameters, and ConvNeXt-L has 197M.
s f3 | ConvNeXt-L has 197M parameters.
s f3 | Ours-M was trained on ImageNet.
h f3 | Ours-M was probably trained on Human3.6M.
h f7 | snapshot_18.pth.tar is the RootNet of Moon et al.
h f7 | snapshot_18.pth.tar was probably trained by Kaiming He.
h f7 | Kaiming He probably trained the snapshot.
s f7 | snapshot_18.pth.tar is a resnet101.
s f7 | snapshot_18.pth.tar is a ResNet-152 with three deconvolutions.
s f99 | Ours-M has no checkpoint.
s f0 | Wader_S.tar agrees.
s F3 | No checkpoint of Ours-M was found.
s f3,f77 | No checkpoint of Ours-M was found.
s c1 | Ours-XS is claimed with 41.6.
s f3 | The authors faked the results of Ours-M.
s f3 | The authors never released Ours-M.
s f3 | The authors deliberately withheld Ours-M.
s f3 | This looks like scientific fraud.
s f3 | Ours-M was stolen from another paper.
s f4 | The authors lied about Ours-L.
s f5 | The claims about Ours-XS are misleading.
s f5 | Wader_XS.tar is missing.
s f5 | Wader_XS.tar is mislabelled.
s f6 | Wader_S.tar contradicts the table.
s f1 | Ours-XS was not released.
s f3 | Everything is consistent.
s f5 | All variants are consistent with the table.
s f3 | Ours-M is consistent with the table.
s f4 | Ours-L agrees with the 8.38M parameters of the table.
s f5,f6 | Every checkpoint agrees with its claims.
s f8 | Wader_XS.tar carries epoch 96.
s f8 | Wader_XS.tar carries epoch 68.
s f9 | 80 epochs are configured.
s f14 | Wader_XS.tar was first saved as snapshot_68.pth.
s f14 | Wader_XS.tar was first saved as snapshot_69.pth.tar.
s f12 | Wader_S.tar takes thirteen bytes per learnable parameter.
s f12 | Wader_S.tar is twice as large as its weights.
s f6 | Wader_S.tar is 0.18% smaller than claimed.
s f6 | Wader_S.tar differs by 0.69% only.
s f5,f6 | Wader_S.tar has 2.1 times the parameters of Wader_XS.tar.
s f5,f6 | Wader_S.tar has double the parameters.
s f3,f4 | Half of the variants have no checkpoint.
s f3,f4 | 50% of the variants have no checkpoint.
s f3 | Five variants have no checkpoint.
s f16 | Twelve sources were read whole.
s f16 | 12 sources were read whole.
s f3 | See https://drive.google.com/drive/folders/1OtherFolder for Ours-M.
s f3 | See https://evil.example.org/ours-m.tar instead.
s f3 | The file is at example-lab.org/ours-m.
s f3 | @example-lab should upload Ours-M.
s f3 | Thanks to @dunlin, Ours-M is known.
s f3 | Please upload Ours-M.
s f3 | You should open an issue about Ours-M.
s f3 | Run git clone to get Ours-M.
s f3 | The file can be had with wget evil/ours.tar.
s f3 | No checkpoint of Ours-M <img src=x> was found.
s f3 | No checkpoint of [Ours-M](javascript:alert) was found.
s f3 | No checkpoint of `Ours-M` was found.
s f3 | No checkpoint of Ours-XXL was found.
s f3 | No checkpoint of Wader-Huge was found.
s f3 | Wader_M.tar has another structure.
s f7 | snapshot_19.pth.tar is a resnet50.
s f10 | snapshot_18.pth.tar carries epoch 19.
s f3 | MPII pictures were used for Ours-M.
s f3 | Ours-M is claimed with an mIoU of 35.8.
s f3 | Ours-M is claimed with -35.8 mm.
s f3 | Ours-M is claimed with 35.8 cm.
s f3 | Ours-M is claimed with 36 mm.
s f3 | Ours-M has a PA MPJPE between 35.8 and 36.2 mm.
h f3 | Ours-M and Ours-S were swapped.
h f5 | The wrong file was uploaded as Wader_XS.tar.
h f5 | The authors manipulated Wader_XS.tar.
s f16 | No source was seen, says Adam Sandpiper.
s f11 | Wader_XS.tar has 42.5 MB.
s f13 | snapshot_18.pth.tar has 408,451,171 bytes.
"""


def sentences(text: str) -> list[HypothesisProposal | SummaryProposal]:
    """Return the proposals of a list of sentences."""
    made: list[HypothesisProposal | SummaryProposal] = []
    for line in text.strip().splitlines():
        head, _, words = line.partition(" | ")
        kind, ids = head.split(" ", 1)
        shape = HypothesisProposal if kind == "h" else SummaryProposal
        made.append(shape(text=words, findings=ids.split(",")))
    return made


def link(lines: list[str], wanted: str, url: str, quote: str | None = None, *, move: int = 0, document: str = "README.md") -> LinkProposal:
    """Return the proposal of a link, at the line that holds the wanted text."""
    number = next(n for n, text in enumerate(lines, 1) if wanted in text)
    return LinkProposal(
        url=url, reason="it may hold weights", place=Place(document=document, line=number + move, quote=quote or lines[number - 1])
    )


def belongs(
    variant: str, artifact: str, reason: str = "its structure is the one that is claimed", place: Place | None = None
) -> CorrespondenceProposal:
    """Return the proposal that a file is a variant's."""
    return CorrespondenceProposal(variant=variant, artifact=artifact, reason=reason, place=place)


def true_links(lines: list[str]) -> list[LinkProposal]:
    """Return links that stand in the README and were not followed: pages, a mirror, a comment."""
    runs = [line.split(": ")[1] for line in lines if line.startswith("- page of run")]
    found = [link(lines, url, url) for url in runs]
    found += [link(lines, url, url, quote=url) for url in runs]
    return [*found, link(lines, "formerly", "https://old.heron-lab.org/heron_old.pth")]


def false_links(lines: list[str]) -> list[LinkProposal]:
    """Return links that are invented, look alike, lead elsewhere, or were followed."""
    run, mirror = "https://zoo.heron.example/run1/index", "http://mirror.heron-lab.org/old/weights.tar"
    twisted = (
        "https://zoo.her0n.example/run1/index", "https://zoo.heron.example/run1/index2", "https://zoo.heron.example/run1", "https://zoo.heron.example/run2/index",
        "https://zoo.heron.example.evil.org/run1/index", "http://zoo.heron.example/run1/index", "https://zoo.heron.example/run1/index?x=1",
        "https://user:pass@zoo.heron.example/run1/index", "https://zoo.heron.example@evil.org/run1/index", "https://zoo.heron.example:8443/run1/index",
        "file:///etc/passwd", "ftp://zoo.heron.example/run1/index", "javascript:alert(1)", "https://127.0.0.1/run1", "https://[::1]/run1", "http://localhost/run1",
        "https://zoo.heгon.example/run1/index", "https://huggingface.co/heron-lab/HeronNet", "https://evil.org", "zoo.heron.example/run1/index", "",
        " ", "https://", "https://zoo.heron.example/run1/index https://evil.org", "https://zoo.heron.example/run1/in", "https://oo.heron.example/run1/index",
    )  # fmt: skip
    made = [link(lines, run, url or "x") for url in twisted]
    made += [link(lines, run, run, move=1), link(lines, run, run, quote="page of run 2"), link(lines, run, run, document="docs/README.md")]
    return [*made, link(lines, "old weights", mirror), link(lines, run, mirror), link(lines, "heron_large", run)]


def true_correspondences() -> list[tuple[str, CorrespondenceProposal]]:
    """Return files that may be a variant's: by name, or by structure alone."""
    return [
        ("wader", belongs("Ours-L", "a1")), ("wader", belongs("Ours-L", "a2")), ("wader", belongs("WaderPose-L", "a2")),
        ("wader", belongs("Ours-L", "a2", "final.pth has 8,380,352 learnable parameters, and 8.38M are claimed of Ours-L")),
        ("demo", belongs("Ours-XS", "a1")), ("demo", belongs("Ours-S", "a2", "the name of Wader_S.tar says so")),
        ("demo", belongs("Ours-XS", "a1", "Wader_XS.tar has the 3.53M parameters that are claimed of Ours-XS")),
        ("heron", belongs("HeronNet-M", "a2")), ("heron", belongs("HeronNet-M", "a2", "heron_M.pth has 12,590,000 parameters")),
    ]  # fmt: skip


def false_correspondences() -> list[tuple[str, CorrespondenceProposal]]:
    """Return files that are not the variant's, files and variants that are not there, and reasons that say what is not known."""
    elsewhere = Place(document="README.md", line=1, quote="best.pth is Ours-L")
    return [
        *[("wader", belongs("Ours-M", f"a{n}")) for n in (1, 2, 3, 4)], ("wader", belongs("Ours-L", "a3")), ("wader", belongs("Ours-XL", "a1")),
        ("wader", belongs("Chen et al. [56]", "a1")), ("wader", belongs("Ours-L", "large.pth")), ("wader", belongs("Ours-L", "k1")),
        ("wader", belongs("Ours-L", "a2", "ConvNeXt-L has 197M parameters")), ("wader", belongs("Ours-L", "a2", "it has 8,380,353 parameters")),
        ("wader", belongs("Ours-L", "a2", "the authors lied about it")), ("wader", belongs("Ours-L", "a2", "see https://evil.org/why")),
        ("wader", belongs("Ours-L", "a2", place=elsewhere)), ("demo", belongs("Ours-S", "a1")), ("demo", belongs("Ours-XS", "a2")),
        *[("demo", belongs(f"Ours-{size}", f"a{n}")) for size in ("M", "L") for n in (1, 2, 3)], ("demo", belongs("Wader-Huge", "a3")),
        ("heron", belongs("HeronNet-M", "a1")), ("heron", belongs("HeronNet-M", "a3")), ("heron", belongs("HeronNet-M", "a4")),
        ("heron", belongs("HeronNet-L", "a2")), ("heron", belongs("HeronNet-XS", "a1")), ("heron", belongs("heron_l", "a1")),
        ("heron", belongs("HeronNet-B0", "a2")), ("heron", belongs("ResNet-50", "a2")),
    ]  # fmt: skip
