"""What a checkpoint records of its own training, held against what the authors say: metrics, epochs, the optimizer beside the weights.

A file's own metadata is primary evidence, and says neither on which data a number was measured nor at which precision: an
agreement supports a claim, a difference is a question at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from auditor.checks.evidence import of_checkpoint
from auditor.checks.matching import Claimed, Match, match
from auditor.checks.precision import read_printed
from auditor.facts import Artifact, Claim, Evidence, Facts, Inspected
from auditor.findings import Confidence, Finding, Outcome, Severity

_MOST_LISTED = 6
_MOST_EPOCHS = 5000
_IDLE = frozenset(
    """
    best max min maximum minimum final last val valid validation test eval metric metrics meta state checkpoint score value so far mean
    avg all ckpt on set result results perf stats info overall top1 1 monitor current callbacks history
    """.split()
)
_SAME: dict[str, str] = {
    **dict.fromkeys(("acc", "accuracy", "acc1", "acc@1", "top1", "top1acc", "top1accuracy", "prec1", "prec@1", "top@1"), "accuracy"),
    **dict.fromkeys(("acc5", "acc@5", "top5", "top5acc", "top5accuracy", "prec5", "prec@5"), "top-5 accuracy"),
    **dict.fromkeys(("miou", "meaniou"), "mIoU"),
    **dict.fromkeys(("map", "meanap"), "mAP"),
    **dict.fromkeys(("pampjpe", "pmpjpe"), "PA-MPJPE"),
    **{
        word: word.upper() for word in ("mpjpe", "mpvpe", "pve", "psnr", "ssim", "lpips", "fid", "auc", "auroc", "eer", "wer", "cer", "epe")
    },
    **{word: word.upper() for word in ("ap50", "ap75", "pckh", "bleu", "nme", "rmse", "mae", "pq", "hota", "mota")},
    **dict.fromkeys(("f1", "f1score", "fscore"), "F1"),
    **dict.fromkeys(("dice", "dsc"), "Dice"),
    **dict.fromkeys(("ppl", "perplexity"), "perplexity"),
}
"""Names of metrics, squashed, that mean the same; a name that is not here is compared with nothing."""

_SHARES = frozenset(
    ("accuracy", "top-5 accuracy", "mIoU", "mAP", "AUC", "AUROC", "EER", "WER", "CER", "AP50", "AP75", "PCKH", "F1", "Dice", "PQ")
)
"""Metrics that are written as a share of one or as a percentage."""


def metric_key(name: str) -> str:
    """Return the common name of a metric, "" where it is not one that is known: "best_acc1", "Top-1 Acc (%)" are "accuracy".

    >>> metric_key("meta.best_mIoU"), metric_key("val/acc@1"), metric_key("best_prec1"), metric_key("loss"), metric_key("acc_head")
    ('mIoU', 'accuracy', 'accuracy', '', '')
    """
    whole = _squash(name)
    if whole in _SAME:
        return _SAME[whole]
    words = [word for word in re.split(r"[^0-9a-z@]+", name.lower()) if word]
    kept = [word for word in words if word not in _IDLE]
    joined = "".join(kept)
    if joined in _SAME:
        if "top5" not in words and "5" not in words:
            return _SAME[joined]
        return "top-5 accuracy" if _SAME[joined] in ("accuracy", "top-5 accuracy") else ""
    if not kept and "top1" in words:
        return "accuracy"
    return ""


def _squash(text: str) -> str:
    return re.sub(r"[^0-9a-z@]+", "", text.lower())


def of_record(artifact: Artifact, inspected: Inspected, key: str, value: object) -> Evidence:
    """Return the evidence of a plain entry of a checkpoint."""
    checkpoint = inspected.checkpoint
    member = f"{checkpoint.member}!" if checkpoint.member else ""
    return Evidence(artifact.source, f"{member}{checkpoint.header_name}!{key}", f"{key}: {value}", checkpoint.sha256, checkpoint.format)


def agrees(claim: Claim, name: str, recorded: float) -> bool:
    """Tell whether a recorded number is the claimed one at its printed precision, as a share or as a percentage."""
    printed = read_printed(claim.printed, claim.value if isinstance(claim.value, int | float) else None)
    if printed is None or not _is_number(claim.value) or claim.value < 0:
        return False
    factors = (Decimal(1), Decimal(100), Decimal("0.01")) if name in _SHARES else (Decimal(1),)
    numbers = [Decimal(repr(recorded)) * factor for factor in factors]
    return any(low <= number <= high for number in numbers for low, high in (printed.rounded, printed.cut))


class RecordedMetrics:
    """Holds metrics that a checkpoint records of itself against those that are claimed of its variant."""

    name = "recorded-metrics"
    question = "Do the metrics that a checkpoint records agree with the claimed ones?"
    why = "Training scripts store the best score beside the weights: the nearest thing to the published number without running it."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return HOLDS or FAILS (of low confidence) for each metric that a file records and a primary source claims of its variant."""
        found: list[Finding] = []
        for variant in match(facts).variants:
            for pair in variant.matches if variant.primary else ():
                found += self._findings(variant, pair)
        return tuple(found)

    def _findings(self, variant: Claimed, pair: Match) -> Iterable[Finding]:
        recorded: dict[str, list[tuple[str, float]]] = {}
        for path, value in pair.candidate.inspected.checkpoint.training.recorded_metrics:
            if name := metric_key(path):
                recorded.setdefault(name, []).append((path, value))
        for name, entries in recorded.items():
            claims = [claim for claim in variant.primary if metric_key(claim.attribute) == name and _is_number(claim.value)]
            if claims:
                yield self._finding(variant, pair, name, entries[:_MOST_LISTED], claims[:_MOST_LISTED])

    def _finding(self, variant: Claimed, pair: Match, name: str, entries: list[tuple[str, float]], claims: list[Claim]) -> Finding:
        artifact, inspected = pair.candidate.artifact, pair.candidate.inspected
        equal = [(claim, entry) for claim in claims for entry in entries if agrees(claim, name, entry[1])]
        several = len(claims) > 1 or len(entries) > 1
        outcome = Outcome.HOLDS if equal else Outcome.UNKNOWN if several else Outcome.FAILS
        shown_claims = [equal[0][0]] if equal else claims
        shown_entries = [equal[0][1]] if equal else entries
        verb = "agrees with" if equal else "differs from"
        return Finding(
            id="",
            check=self.name,
            subject=artifact.name,
            outcome=outcome,
            severity=Severity.INFO if equal else Severity.LOW,
            confidence=Confidence.LOW,
            title=f"{artifact.name}: the {name} that it records {verb} the one claimed of {variant.name}",
            detail="The file does not say on which data, split or epoch its number was measured.",
            expected="; ".join(f"{claim.attribute} {_printed(claim)}" for claim in shown_claims),
            observed="; ".join(f"{path}: {value:g}" for path, value in shown_entries),
            evidence=(
                *dict.fromkeys(claim.evidence for claim in shown_claims),
                *(of_record(artifact, inspected, path, value) for path, value in shown_entries),
            ),
            remedy="" if equal else "Evaluate the checkpoint, or ask on which data its own number was measured.",
            variant=variant.name,
            checkpoints=(inspected.id,),
            claims=tuple(claim.id for claim in shown_claims),
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _printed(claim: Claim) -> str:
    text = claim.printed or str(claim.value)
    return f"{text} ({claim.setting})" if claim.setting else text


class TrainingState:
    """Says which checkpoints carry the state of their training: an optimizer, and the epoch beside the configured number."""

    name = "training-state"
    question = "Which checkpoints carry an optimizer or an epoch, and is the epoch the configured last one?"
    why = "A snapshot with an optimizer is a file of training as it stood: its epoch tells which one was released."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one HOLDS for each checkpoint with an optimizer or an epoch; UNKNOWN where the epoch is not near a configured number."""
        matching = match(facts)
        found = []
        for candidate in matching.candidates:
            training = candidate.inspected.checkpoint.training
            if training.optimizer is None and training.epoch is None:
                continue
            owner = matching.owner_of(candidate)
            claims = [c for c in (*(owner.primary if owner else ()), *matching.unnamed) if c.attribute == "epochs" and _is_number(c.value)]
            found.append(self._finding(candidate.artifact, candidate.inspected, claims))
        return tuple(found)

    def _finding(self, artifact: Artifact, inspected: Inspected, claims: list[Claim]) -> Finding:
        training = inspected.checkpoint.training
        epochs = sorted({int(claim.value) for claim in claims})
        steps = training.epoch is not None and training.epoch > _MOST_EPOCHS  # readers take a count of steps where there is no epoch
        near = training.epoch is None or steps or not epochs or any(training.epoch in (n - 1, n, n + 1) for n in epochs)
        parts = []
        if training.epoch is not None:
            parts.append(f"{'step' if steps else 'epoch'} {training.epoch:g}")
        if training.optimizer is not None:
            parts.append(f"optimizer state ({training.optimizer}, {training.optimizer_bytes:,} bytes)")
        configured = ""
        if epochs and training.epoch is not None and not steps:
            configured = f"{' or '.join(str(n) for n in epochs)} epochs configured"
        evidence = [of_checkpoint(artifact, inspected)]
        if training.epoch is not None:
            evidence.append(of_record(artifact, inspected, "epoch", training.epoch))
            evidence += dict.fromkeys(claim.evidence for claim in claims[:_MOST_LISTED])
        return Finding(
            id="",
            check=self.name,
            subject=artifact.name,
            outcome=Outcome.HOLDS if near else Outcome.UNKNOWN,
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
            title=f"{artifact.name} carries {' and '.join(parts)}",
            detail="Counting may begin at 0 or 1; a best epoch is often released instead of the last one." if claims else "",
            expected=configured,
            observed=", ".join(parts),
            evidence=tuple(evidence),
            checkpoints=(inspected.id,),
            claims=tuple(claim.id for claim in claims[:_MOST_LISTED]) if training.epoch is not None else (),
        )
