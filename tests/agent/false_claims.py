"""The ways in which models get claims wrong, made out of true ones and of the traps in the made-up documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lying_worlds import Truth, demo, heron, wader

from auditor.agent.proposals import ClaimProposal, Place

Lie = tuple[str, str, ClaimProposal]  # world, way, proposal


def number(truth: Truth) -> float | None:
    """Return the value where it is one number."""
    return float(truth.value) if isinstance(truth.value, (int, float)) else None


def of_one(truth: Truth) -> Iterator[tuple[str, ClaimProposal]]:
    """Yield lies that are made of one true claim."""
    n = number(truth)
    for name, other in truth.siblings[:2]:
        yield "right number at the wrong row", truth.proposal(variant=name)
        yield "another row's number", truth.proposal(value=other)
    for attribute, other in [(a, v) for a, v in truth.others if a != truth.attribute][:2]:
        yield "right number at the wrong column", truth.proposal(attribute=attribute)
        yield "another column's number", truth.proposal(value=other)
    if n is None:
        value = list(truth.value) if isinstance(truth.value, list) else []
        yield "lists with one number off", truth.proposal(value=[*value[:-1], value[-1] + 1])
        yield "lists cut short", truth.proposal(value=value[:-1])
        return
    yield "decimal shift", truth.proposal(value=n * 10 if n else 1)
    yield "decimal shift", truth.proposal(value=round(n / 100, 8) if n else 0.01)
    yield "number rounded", truth.proposal(value=round(n + 0.3) + 0.5 * (round(n + 0.3) == n))
    yield "minus sign", truth.proposal(value=-n if n else -1)
    if truth.unit:
        yield "unit shift", truth.proposal(unit={"M": "G", "G": "M", "mm": "m", "%": "ms", "K": "M", "B": "M"}[truth.unit])
        yield "unit shift", truth.proposal(unit={"M": "K", "G": "T", "mm": "cm", "%": "mm", "K": "G", "B": "K"}[truth.unit])
    else:
        yield "unit out of nowhere", truth.proposal(unit="mm")
        yield "percent against fraction", truth.proposal(value=n / 100, unit="%" if n < 1 else None)
    yield "name of another paper", truth.proposal(variant="StorkFormer-M")
    yield "setting from nowhere", truth.proposal(setting="protocol 9")
    yield "setting from nowhere", truth.proposal(setting="KITTI")
    yield "metric from nowhere", truth.proposal(attribute="BLEU")
    yield from misquoted(truth)


def misquoted(truth: Truth) -> Iterator[tuple[str, ClaimProposal]]:
    """Yield a true claim with a quote that is almost there."""
    quote, printed = truth.quote, truth.printed
    if printed in quote:
        digit = next(c for c in reversed(printed) if c.isdigit())
        wrong = printed[::-1].replace(digit, str((int(digit) + 1) % 10), 1)[::-1]
        yield "quote with one digit changed", truth.proposal(quote=quote.replace(printed, wrong))
        yield (
            "quote and value with one digit changed",
            truth.proposal(quote=quote.replace(printed, wrong), value=float(wrong.strip("%MGKB").replace(",", "").split(" ")[0])),
        )
        yield "quote cut inside of the number", truth.proposal(quote=quote[: quote.index(printed) + len(printed) // 2] or "x")
    words = quote.split()
    words = [word for word in words if re.search(r"[^|&\\*]", word)]
    if len(words) > 3:
        middle = len(words) // 2
        yield "quote with an ellipsis", truth.proposal(quote=" ".join([*words[:middle], "...", *words[middle + 1 :]]))
        yield "quote with one word left out", truth.proposal(quote=" ".join([*words[:middle], *words[middle + 1 :]]))
    shown = re.sub(r"<[^<>]*>", lambda tag: "\0" * len(tag[0]), quote)
    place = next(n for n, c in enumerate(shown) if c.isalpha())
    yield "quote with one word changed", truth.proposal(quote=quote[: place + 1] + "x" + quote[place + 1 :])
    if truth.line is not None:
        yield "quote from elsewhere", truth.proposal(line=truth.line + 1)
        yield "quote from elsewhere", truth.proposal(line=truth.line + 1000)
    yield "document that is not there", truth.proposal(document="docs/" + truth.document)


def traps() -> Iterator[tuple[str, str, ClaimProposal]]:
    """Yield lies about what stands in the documents and says something else."""
    text = heron()[0].outlines[0].document.text.split("\n")

    def at(
        start: str, variant: str, attribute: str, value: object, unit: str | None = None, quote: str | None = None, setting: str = ""
    ) -> ClaimProposal:
        line = next(n for n, words in enumerate(text, 1) if words.startswith(start))
        return ClaimProposal(
            variant=variant, attribute=attribute, value=value, unit=unit, setting=setting,
            place=Place(document="README.md", line=line, quote=quote or text[line - 1]),
        )  # fmt: skip

    for name, cells in (
        ("Egret et al. [12]", (47.3, 86.5, 34.0)),
        ("Stork (CVPR 2021)", (44.1, 88.0, 25.1)),
        ("ResNet-50", (52.9, 80.2, 25.56)),
    ):
        for attribute, value, unit in zip(("MPJPE", "PCK", "Param"), cells, ("mm", "%", "M"), strict=True):
            for variant in ("Ours-M", "HeronNet-M", name):
                yield "heron", "baseline as ours", at(f"| {name}", variant, attribute, value, unit)
    for variant, error, share in (("Ours-S", 0.3, 25.4), ("Ours-M", 0.4, 20.1), ("**Ours-L**", 0.2, 18.8)):
        plain = variant.strip("*")
        yield "heron", "deviation taken for the value", at(f"| {variant} | ", plain, "MPJPE", error, "mm")
        yield "heron", "part in parentheses taken for the value", at(f"| {variant} | ", plain, "PCK", share, "%")
        yield "heron", "part in parentheses taken for the value", at(f"| {variant} | ", plain, "params", share, None)
    header = "| Model | #Params | FLOPs | Top-1 | Input |"
    for value in (1, 5, 1000):
        yield "heron", "header row as a variant", at(header, "Model", "top-1", value)
        yield "heron", "header row as a variant", at(header, "HeronNet-S", "Top-1", value)
    for start, variant, attribute, value, unit in (
        ("HeronNet-Z outperforms", "HeronNet-Z", "mAP", 2.1, None), ("HeronNet-Z could", "HeronNet-Z", "mIoU", 60.1, None),
        ("HeronNet-Z has up to", "HeronNet-Z", "params", 9.9, "M"), ("HeronNet-Z has 30", "HeronNet-Z", "params", 30, "M"),
        ("HeronNet-Z has 30", "HeronNet-Z", "params", 40, "M"), ("HeronNet-Z has not", "HeronNet-Z", "params", 5.5, "M"),
        ("HeronNet-Y has fewer", "HeronNet-Y", "params", 6.6, "M"), ("HeronNet-Y improves", "HeronNet-Y", "mAP", 81.9, None),
        ("HeronNet-Z (not released)", "HeronNet-Z", "MPJPE", 40.4, "mm"), ("HeronNet-Y runs", "HeronNet-Y", "params", 24, "B"),
        ("HeronNet-Y runs", "HeronNet-Y", "memory", 24, "GB"),
    ):  # fmt: skip
        yield "heron", "sentence that says something else", at(start, variant, attribute, value, unit)
    for start, variant, attribute, value, unit in (
        ("Egret et al. have", "Egret", "params", 34.2, "M"), ("Egret et al. have", "HeronNet-M", "params", 34.2, "M"),
        ("ResNet-50 has", "ResNet-50", "params", 25.6, "M"), ("ResNet-50 has", "HeronNet-L", "params", 25.6, "M"),
        ("In contrast to", "HeronNet-Y", "params", 197.7, "M"), ("In contrast to", "ConvNeXt-L", "params", 197.7, "M"),
        ("HeronNet-Y and HeronNet-Z", "HeronNet-Y", "params", 5.1, "M"), ("HeronNet-Y and HeronNet-Z", "HeronNet-Z", "params", 4.4, "M"),
        ("On WaterBird, HeronNet-N", "WaterBird", "MPJPE", 49.5, "mm"), ("HeronNet-T achieves", "ImageNet", "top-1 accuracy", 68.3, "%"),
        ("Our HeronNet-H", "HeronNet", "AP50", 55.4, None), ("HeronNet-T has 1.26M", "HeronNet", "params", 1.26, "M"),
        ("The mAP is", "HeronNet-P", "mAP", 33.7, None), ("It has 0.41M", "HeronNet-G", "params", 0.41, "M"),
        ("The depths of", "HeronNet-G", "depths", [2, 2, 6, 2], None), ("HeronNet-T has dims", "HeronNet-T", "depths", [24, 48, 96, 192], None),
        ("The depths of", "HeronNet-T", "dims", [2, 2, 6, 2], None), ("HeronNet-G has depths", "HeronNet-G", "depths", [3, 27, 3], None),
    ):  # fmt: skip
        yield "heron", "swapped variants", at(start, variant, attribute, value, unit)
    row = "| HeronNet-M | 42.4"
    for variant, attribute, value, setting in (
        ("HeronNet-M", "AP", 42.4, "LVIS"), ("HeronNet-M", "AP", 32.5, "COCO"), ("HeronNet-M", "AP50", 62.6, "LVIS"), ("HeronNet-M", "AP50", 42.4, "COCO"),
        ("HeronNet-M", "AP", 0.7, ""), ("HeronNet-M", "AP", -0.7, ""), ("HeronNet-M", "Δ", 0.7, ""), ("HeronNet-M", "AP", 62.6, "COCO"),
        ("HeronNet-M", "COCO AP", 32.5, ""), ("HeronNet-M", "LVIS AP", 42.4, ""), ("HeronNet-M", "AP", 42.4, "ImageNet"),
    ):  # fmt: skip
        yield "heron", "right number of another data set", at(row, variant, attribute, value, None, None, setting)
    for variant, attribute, value, unit in (
        ("ConvNeXt-L", "params", 197.8, "M"), ("ConvNeXt-L", "gflops", 34.4, "G"), ("HeronNet-L", "params", 197.8, "M"), ("HeronNet-L", "dims", [192, 384, 768, 1536], None),
        ("HeronNet-L", "depths", [3, 3, 27, 3], None), ("HeronNet-M", "MPJPE", 44.6, "mm"), ("HeronNet-M", "top-1", 82.1, None), ("ViT-B", "params", 86.6, "M"),
        ("ResNet-50", "top-1", 76.1, "%"), ("HeronNet-XXL", "params", 1.5, "B"),
    ):  # fmt: skip
        yield "heron", "outside knowledge", at("| HeronNet-L | 28.38M", variant, attribute, value, unit)
        yield "heron", "outside knowledge", at("HeronNet-T has 1.26M", variant, attribute, value, unit)
    config = heron()[0].outlines[1].document.text.split("\n")
    commented = next(n for n, words in enumerate(config, 1) if "# depths" in words)
    for variant in ("HeronNet-L", "Config", "heron_l", "heron"):
        place = Place(document="main/config.py", line=commented, quote="depths = [3, 3, 9, 3]")
        yield "heron", "commented code as active", ClaimProposal(variant=variant, attribute="depths", value=[3, 3, 9, 3], place=place)
        active = Place(document="main/config.py", line=commented - 2, quote="depths = [2, 2, 6, 2]")
        yield (
            "heron",
            "unnamed settings as a variant's",
            ClaimProposal(variant=variant, attribute="depths", value=[2, 2, 6, 2], place=active),
        )


def baselines_of_pictures() -> Iterator[Lie]:
    """Yield the numbers of other people in the demo's pictures and in the papers, as if they were the authors'."""
    for world in ("demo", "wader"):
        seen = (demo() if world == "demo" else wader())[0]
        tables = [(o, t) for o in seen.outlines for t in o.tables if t.picture or o.document.path == "paper.pdf"]
        for outline, table in tables:
            for row in table.rows:
                if "et al" not in row[0].text:
                    continue
                pages = outline.document.text.split("\n")
                page = None if table.picture else 1 + pages[: row[0].line].count("\f")
                place = Place(document=table.picture or outline.document.path, line=page, quote=" ".join(c.text for c in row))
                header = [c.text for c in table.rows[0]]
                for column, unit in ((1, "mm" if "MPJPE" in header[1] else "G"), (3, "M" if "Param" in header[3] else "mm")):
                    value = float(row[column].text.rstrip("M"))
                    for variant in ("Ours-M", row[0].text, row[0].text.split()[0]):
                        yield (
                            world,
                            "baseline as ours",
                            ClaimProposal(variant=variant, attribute=header[column], value=value, unit=unit, place=place),
                        )


def all_false_claims() -> list[Lie]:
    """Return all of them."""
    lies = [(truth.world, way, lie) for world in (demo, heron, wader) for truth in world()[2] for way, lie in of_one(truth)]
    return [*lies, *traps(), *baselines_of_pictures()]
