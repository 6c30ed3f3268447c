"""What an agent adds, and what verification lets through: claims and links with and without it, refusals, tokens, cost.

    python -m benchmarks.agent --agent openai:gpt-5 [--agent-url URL] [--labels DIR] [--only NAME]
    python -m benchmarks.agent                       # without a model: the scripted agents below

`--labels` is a folder of repositories, each with `labels.json` and `repo/`, as `score.py` there scores them (default: the corpus
beside this checkout). Links are not followed, so that the documents alone are measured; then the demo's replica is audited whole.

Two scripted agents stand for the ends of what a model may do, where no model can be asked:
- `truthful` proposes every labelled claim with the quote of its line, so what is refused is what verification costs;
- `lying` proposes each of them with one thing wrong (another row's number, ten times the value, another variant's name, one digit
  changed in value and quote), so what is accepted is what gets past verification.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from auditor.agent.budget import Budget
from auditor.agent.investigation import OpenedAgent, investigate, open_agent
from auditor.facts import Claim, Facts
from auditor.findings import AuditReport
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import Seen, conclude, look
from auditor.progress import Silent

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
AT_ONCE = 30  # proposals in one call

Json = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One repository, or the sum of all."""

    name: str
    claims: int = 0  # labelled
    by_rules: int = 0
    with_agent: int = 0
    links: int = 0
    links_by_rules: int = 0
    links_with_agent: int = 0
    proposed: int = 0
    known: int = 0
    new: int = 0
    refused: int = 0
    tokens: int = 0
    usd: float | None = None
    reasons: list[str] = field(default_factory=list)

    def add(self, other: Row) -> None:
        """Add another repository's numbers."""
        for name in self.__slots__:
            value = getattr(other, name)
            if isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)
        self.reasons += other.reasons
        if other.usd is not None:
            self.usd = (self.usd or 0.0) + other.usd


def score_module(labels: Path) -> ModuleType:
    """Return `score.py` of a folder of labels."""
    spec = importlib.util.spec_from_file_location("score", labels / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{labels} has no score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found(score: ModuleType, gold: list[Json], claims: tuple[Claim, ...]) -> int:
    """Count the labelled claims that stand among those found: value and variant agree, as `score.py` counts them."""
    used: set[int] = set()
    for label in gold:
        factor = {"K": 1e3, "M": 1e6, "G": 1e9}.get(label.get("unit") or "", 1)
        values = (label["value"], label["value"] * factor)
        for place, claim in enumerate(claims):
            number = claim.value if isinstance(claim.value, int | float) else None
            if place in used or number is None or claim.rank != "primary":
                continue
            if any(abs(number - v) <= 1e-6 * max(1, abs(v)) for v in values) and score.same_variant(label["variant"], claim.variant):
                used.add(place)
                break
    return len(used)


def truth(gold: list[Json], seen: Seen) -> list[Json]:
    """Return every labelled claim as a proposal with the quote of its place."""
    made = []
    for label in gold:
        place = place_of(label, seen)
        if place is not None:
            common = {"kind": "claim", "attribute": label["metric"], "setting": "", "place": place}
            unit = label.get("unit")  # labels add the unit that is meant; a proposal gives the one that is printed
            printed = unit if unit and unit.lower() in str(label["raw"]).lower() else None
            made.append({**common, "variant": label["variant"], "value": label["value"], "unit": printed})
    return made


def place_of(label: Json, seen: Seen) -> Json | None:
    """Return where a labelled claim stands, and what stands there; None where the documents that were read do not have it."""
    if label.get("image"):
        for outline in seen.outlines:
            for table in outline.tables:
                if table.picture and Path(table.picture).name == Path(label["image"]).name:
                    for row in table.rows:
                        texts = [cell.text for cell in row]
                        if label["raw"] in texts and any(str(label["variant"]).lower() in text.lower() for text in texts):
                            return {"document": table.picture, "quote": " | ".join(texts)}
        return None
    outline = next((outline for outline in seen.outlines if outline.document.path == label["file"]), None)
    lines = outline.document.text.splitlines() if outline else []
    line = label.get("line") or 0
    if not 0 < line <= len(lines) or not lines[line - 1].strip():
        return None
    return {"document": label["file"], "line": line, "quote": lines[line - 1].strip()[:2000]}


def lies(gold: list[Json], seen: Seen) -> list[Json]:
    """Return the labelled claims, each with one thing wrong."""
    true = truth(gold, seen)
    values = {(one["variant"], one["attribute"], one["value"]) for one in true}
    made = []
    for number, (one, other) in enumerate(zip(true, [*true[1:], *true[:1]], strict=True)):
        place = one["place"]
        wrong: list[Json] = [
            {**one, "value": other["value"]},
            {**one, "value": one["value"] * 10},
            {**one, "variant": other["variant"]},
            {**one, "value": one["value"] + 1, "place": {**place, "quote": place["quote"].replace(_printed(one), _printed(one, 1))}},
        ]
        lie = wrong[number % len(wrong)]
        if (lie["variant"], lie["attribute"], lie["value"]) not in values:  # what is true elsewhere is no lie
            made.append(lie)
    return made


def _printed(one: Json, more: int = 0) -> str:
    return f"{one['value'] + more:g}"


def scripted(proposals: list[Json]) -> OpenedAgent:
    """Return an agent that proposes what it is given and says that it is done."""
    batches: Iterator[list[Json]] = iter([proposals[at : at + AT_ONCE] for at in range(0, len(proposals), AT_ONCE)])

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        batch = next(batches, None)
        part = TextPart("done") if batch is None else ToolCallPart("propose", {"proposals": batch})
        return ModelResponse([part], usage=RequestUsage())

    return OpenedAgent("scripted", FunctionModel(answer), Budget(requests=10_000))


def measured(name: str, seen: Seen, gold: Json, agent: OpenedAgent, score: ModuleType) -> Row:
    """Return one repository's row."""
    labelled = [label for label in gold["claims"] if isinstance(label["value"], int | float)]
    wanted = {link["url"] for link in gold["links"] if link["purpose"] == "checkpoint"}
    with_agent = investigate(seen, agent, default_kit(), Network(), Silent())
    run = with_agent.agent
    assert run is not None
    urls = lambda facts: {link.url for link in facts.links if link.purpose == "checkpoint"}  # noqa: E731
    new = sum(count for _, count in run.accepted)
    return Row(
        name, len(labelled), found(score, labelled, seen.facts.claims), found(score, labelled, with_agent.claims), len(wanted),
        len(wanted & urls(seen.facts)), len(wanted & urls(with_agent)), refused=run.refused_count, new=new,
        tokens=run.input_tokens + run.output_tokens, usd=run.cost_usd, reasons=[refusal.reason for refusal in run.refused],
    )  # fmt: skip


def corpus(labels: Path, only: str, agent_of: Callable[[list[Json], Seen], OpenedAgent], count: Callable[[], int]) -> Row:
    """Measure every repository of a folder, and print and return the sum."""
    score, total = score_module(labels), Row("all")
    for path in sorted(labels.glob("*/labels.json")):
        if only not in path.parent.name:
            continue
        gold = json.loads(path.read_text())
        seen = look(str(path.parent / "repo"), AuditOptions(follow=False), default_kit(), Network(), Silent())
        numeric = [label for label in gold["claims"] if isinstance(label["value"], int | float)]
        row = measured(path.parent.name, seen, gold, agent_of(numeric, seen), score)
        row.proposed = count() or row.new + row.refused
        row.known = max(0, row.proposed - row.new - row.refused)
        total.add(row)
        print(line_of(row), flush=True)
    print(line_of(total))
    return total


def line_of(row: Row) -> str:
    """Return one row of the table."""
    money = "" if row.usd is None else f"{row.usd:.2f}"
    return (
        f"| {row.name} | {row.by_rules}/{row.claims} | {row.with_agent}/{row.claims} | {row.links_by_rules}/{row.links} | "
        f"{row.links_with_agent}/{row.links} | {row.proposed} | {row.known} | {row.new} | {row.refused} | {row.tokens:,} | {money} |"
    )


COLUMNS = (
    "repository", "claims, rules", "claims, with agent", "links, rules", "links, with agent", "proposed", "known already", "accepted, new",
    "refused", "tokens", "USD",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * (len(COLUMNS) - 1)}"


def demo(agent: OpenedAgent) -> None:
    """Audit the replica with an agent and print what changed in its verdicts."""
    from auditor.demo.world import DEMO_TARGET, demo_transport

    network = Network(transport=demo_transport())
    seen = look(DEMO_TARGET, AuditOptions(), default_kit(), network, Silent())
    facts: Facts = investigate(seen, agent, default_kit(), network, Silent())
    before, after = (conclude(one, default_kit()) for one in (seen.facts, facts))
    same = verdicts(before) == verdicts(after)
    accepted = dict(facts.agent.accepted) if facts.agent else {}
    refused = facts.agent.refused_count if facts.agent else 0
    print(f"\nReplica: verdicts {'unchanged' if same else 'changed'}; accepted {accepted or 'nothing'}; refused {refused}")


def verdicts(report: AuditReport) -> dict[str, str]:
    """Return the verdict of each variant."""
    return {variant.name: variant.verdict.value for variant in report.variants}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", help="PROVIDER:MODEL; without it the scripted agents")
    parser.add_argument("--agent-url")
    parser.add_argument("--agent-budget", default="")
    parser.add_argument("--labels", type=Path, default=CORPUS)
    parser.add_argument("--only", default="")
    parser.add_argument("--reasons", action="store_true", help="print why proposals were refused")
    asked = parser.parse_args()
    if not asked.labels.is_dir():
        sys.exit(f"{asked.labels} is not there: give a folder of labelled repositories with --labels")
    if asked.agent:
        print(f"{asked.agent}\n\n{HEAD}")
        total = corpus(asked.labels, asked.only, lambda *_: open_agent(asked.agent, asked.agent_url, asked.agent_budget), lambda: 0)
        show_reasons(total, asked.reasons)
        demo(open_agent(asked.agent, asked.agent_url, asked.agent_budget))
        return
    for name, make in (("truthful", truth), ("lying", lies)):
        print(f"\n{name}\n\n{HEAD}")
        counts: list[int] = []

        def agent_of(gold: list[Json], seen: Seen, make: Any = make, counts: list[int] = counts) -> OpenedAgent:
            proposals = list({json.dumps(one): one for one in make(gold, seen)}.values())
            counts.append(len(proposals))
            return scripted(proposals)

        total = corpus(asked.labels, asked.only, agent_of, lambda counts=counts: counts[-1])
        show_reasons(total, asked.reasons)


def show_reasons(total: Row, wanted: bool) -> None:
    """Print why proposals were refused, the most common reasons first."""
    if wanted:
        groups = itertools.groupby(sorted(total.reasons))
        for count, reason in sorted(((len(list(same)), reason) for reason, same in groups), reverse=True)[:40]:
            print(f"  {count} x {reason}")


if __name__ == "__main__":
    main()
