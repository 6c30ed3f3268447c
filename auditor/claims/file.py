"""The investigator's own claims, from the YAML file that `--claims` names. They are secondary, whatever the file says.

Its form is in `EXAMPLE`. It is read with the position of every value, so that each claim's evidence is a line of the file.
Aliases are refused (that is how a small file becomes a large one), as are unknown keys: a misspelt key must not be silence.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from auditor.claims.numbers import NUMBER, readings
from auditor.errors import UsageError
from auditor.facts import Claim, Evidence, Source, Status

if TYPE_CHECKING:
    import yaml

EXAMPLE = """source: table 3 of the thesis
variants:
  L: {params: 197.8M, gflops: 34.4, dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], metrics: {"MPJPE (protocol 2)": 42.3 mm}}"""
MAX_CHARACTERS = 1_000_000
MAX_CLAIMS = 5000
MAX_DEPTH = 20
TOP_KEYS = ("source", "quote", "variants", "rank", "origin")
LIST_KEYS = ("dims", "depths", "first_layer", "input", "output")
NUMBER_KEYS = ("params", "gflops", "head_depth", "depth_dim", "epochs")
VARIANT_KEYS = (*NUMBER_KEYS, *LIST_KEYS, "metrics", "source", "quote", "rank", "origin", "setting")


def read_claims_file(text: str | bytes, path: str) -> tuple[tuple[Claim, ...], Source]:
    """Return the claims of an investigator's file and its source. Raises UsageError with the line and a valid example."""
    digest = hashlib.sha256(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")).hexdigest()
    text = decoded(text, path)
    root = composed(text, path)
    reader = ClaimsFile(text, path, digest)
    top = reader.mapping(root, TOP_KEYS, "the file")
    if "variants" not in top:
        raise reader.wrong(root, "it has no `variants`")
    for key in ("source", "quote"):
        if key in top:
            reader.scalar(top[key], key)
    claims = [claim for name, node in reader.entries(top["variants"], "variants") for claim in reader.variant(name, node)]
    if len(claims) > MAX_CLAIMS:
        raise UsageError(f"{path} has too many claims", f"{len(claims)}, more than {MAX_CLAIMS}")
    detail = reader.scalar(top["source"], "source") if "source" in top else "the investigator's own"
    return tuple(claims), Source(f"claims:{path}", "claims", path, Status.OK, detail[:300], sha256=reader.sha256)


def decoded(text: str | bytes, path: str) -> str:
    """Return the file's text. Raises UsageError for bytes that are not UTF-8 and for too long a file."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8 text", f"byte {error.start}", help_text()) from error
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{path} is too long for a claims file", f"more than {MAX_CHARACTERS:,} characters", help_text())
    return text


def composed(text: str, path: str) -> yaml.Node:
    """Return the nodes of a YAML text with their positions; nothing is constructed. Raises UsageError for what is no YAML."""
    import yaml

    opening = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken, yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken)
    closing = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            depth += isinstance(token, opening) - isinstance(token, closing)
            if depth > MAX_DEPTH:
                raise UsageError(f"{path} is not a claims file: line {token.start_mark.line + 1}", "it is nested too deeply", help_text())
            if isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
                line = token.start_mark.line + 1
                raise UsageError(f"{path} cannot be used: line {line}", "aliases, anchors and tags are not allowed", help_text())
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}" if mark else ""
        raise UsageError(
            f"{path} is not valid YAML{where}", str(getattr(error, "problem", "") or "it cannot be parsed"), help_text()
        ) from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{path} is not a claims file", "it is nested too deeply or holds an impossible value", help_text()) from error
    if root is None:
        raise UsageError(f"{path} is empty", "", help_text())
    return root


def help_text() -> str:
    """Return the one line of help with a valid example."""
    return f"a valid file:\n{EXAMPLE}"


class ClaimsFile:
    """Turns the nodes of one file into claims, and says of anything else in which line it is wrong."""

    def __init__(self, text: str, path: str, sha256: str) -> None:
        self.path = path
        self.lines = re.split(r"\r\n?|\n", text)
        self.ends = [match.end() for match in re.finditer(r"\r\n?|\n", text)]  # YAML's marks count rarer line separators too
        self.sha256 = sha256  # of the file's bytes

    def wrong(self, node: yaml.Node, why: str) -> UsageError:
        """Return the error for a node."""
        return UsageError(f"{self.path} cannot be used: line {node.start_mark.line + 1}", why, help_text())

    def entries(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
        """Return the keys and values of a mapping. Raises UsageError for anything else and for a key that stands twice."""
        import yaml

        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, f"{what} must be a mapping of names to values")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.scalar(key, "a key")
            if name in found:
                raise self.wrong(key, f"`{name[:60]}` stands twice")
            found[name] = value
        return list(found.items())

    def mapping(self, node: yaml.Node, allowed: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
        """Return a mapping whose keys are all known. Raises UsageError for an unknown key."""
        found = dict(self.entries(node, what))
        for name in found:
            if name not in allowed:
                raise self.wrong(found[name], f"`{name[:60]}` is not known; {what} may have {', '.join(allowed)}")
        return found

    def scalar(self, node: yaml.Node, what: str) -> str:
        """Return the text of a scalar. Raises UsageError for a list or a mapping."""
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(node, f"{what} must be a single value")
        return str(node.value)

    def variant(self, name: str, node: yaml.Node) -> list[Claim]:
        """Return the claims of one variant."""
        if not name.strip() or len(name) > 160:
            raise self.wrong(node, "a variant needs a name of at most 160 characters")
        keys = self.mapping(node, VARIANT_KEYS, f"variant `{name[:60]}`")
        setting = self.scalar(keys["setting"], "setting") if "setting" in keys else ""
        claims = []
        for key, value in keys.items():
            if key in NUMBER_KEYS:
                claims.append(self.number(name, key, value, setting))
            elif key in LIST_KEYS:
                claims.append(self.sizes(name, key, value, setting))
            elif key == "metrics":
                claims.extend(self.metric(name, metric, item, setting) for metric, item in self.entries(value, "metrics"))
            else:
                self.scalar(value, key)
        return claims

    def number(self, variant: str, key: str, node: yaml.Node, setting: str) -> Claim:
        """Return the claim of a number such as `197.8M`, `34.4` or `88600000`."""
        text = self.scalar(node, key)
        found = readings(text)
        if len(found) != 1 or found[0].value < 0:
            raise self.wrong(node, f"`{key}` must be a number such as {'197.8M' if key == 'params' else '34.4'}, not `{text[:40]}`")
        if found[0].unit and not re.fullmatch(r"[KMGBT](?:FLOPS|MACS|MADDS)?", found[0].unit, re.IGNORECASE):
            raise self.wrong(node, f"`{key}` cannot be in `{found[0].unit}`")
        unit = found[0].unit[0].upper() if found[0].unit else None
        if unit is None and found[0].value < 100_000:
            unit = {"params": "M" if found[0].decimals else None, "gflops": "G"}.get(key)
        return self.claim(variant, key, found[0].value, unit, setting, found[0].printed, node)

    def sizes(self, variant: str, key: str, node: yaml.Node, setting: str) -> Claim:
        """Return the claim of a list of whole numbers such as `[3, 3, 27, 3]`."""
        import yaml

        if not isinstance(node, yaml.SequenceNode) or not 1 <= len(node.value) <= 64:
            raise self.wrong(node, f"`{key}` must be a list of whole numbers such as [3, 3, 27, 3]")
        values = []
        for item in node.value:
            text = self.scalar(item, f"an item of {key}")
            if not re.fullmatch(r"\d{1,9}", text):
                raise self.wrong(item, f"`{key}` must hold whole numbers, not `{text[:40]}`")
            values.append(int(text))
        return self.claim(variant, key, values, None, setting, ", ".join(map(str, values)), node)

    def metric(self, variant: str, metric: str, node: yaml.Node, setting: str) -> Claim:
        """Return the claim of a metric: `"MPJPE (protocol 2)": 42.3 mm` has the attribute MPJPE and the setting protocol 2."""
        text = self.scalar(node, f"the metric `{metric[:60]}`")
        found = readings(text)
        if len(found) != 1 or not re.search(NUMBER, text):
            raise self.wrong(node, f"the metric `{metric[:60]}` must be one number such as 42.3 mm, not `{text[:40]}`")
        match = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", metric.strip())
        attribute, said = (match[1], match[2]) if match else (metric.strip(), "")
        if not attribute or len(metric) > 160:
            raise self.wrong(node, "a metric needs a name of at most 160 characters")
        return self.claim(
            variant, attribute, found[0].value, found[0].unit, "; ".join(s for s in (said, setting) if s), found[0].printed, node
        )

    def claim(self, variant: str, attribute: str, value: Any, unit: str | None, setting: str, printed: str, node: yaml.Node) -> Claim:
        """Return a secondary claim with the line of the file as evidence."""
        number = bisect_right(self.ends, node.start_mark.index) + 1
        quote = self.lines[number - 1].strip()[:400] if number <= len(self.lines) else ""
        evidence = Evidence(f"claims:{self.path}", f"{self.path}#L{number}", quote, self.sha256, "claims file")
        return Claim("", variant, attribute, value, unit, setting[:240], "secondary", "file", evidence, printed, row=quote[:300])
