"""Print the table of formats for the README's block between `<!-- formats -->` and `<!-- /formats -->`, or write it there.

python -m tools.formats_table            # print
python -m tools.formats_table --write    # put it into README.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from auditor.formats.catalog import table

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- formats -->\n)(.*?)(<!-- /formats -->)", re.DOTALL)


def written(text: str) -> str | None:
    """Return what stands in the block, None where there is none."""
    found = BLOCK.search(text)
    return found[2] if found else None


def main() -> None:
    """Print the table, or write it into the README. Raises `SystemExit` where the README has no block."""
    if "--write" not in sys.argv[1:]:
        print(table(), end="")
        return
    text = README.read_text(encoding="utf-8")
    if written(text) is None:
        raise SystemExit("README.md has no block between <!-- formats --> and <!-- /formats -->")
    README.write_text(BLOCK.sub(lambda found: found[1] + table() + found[3], text), encoding="utf-8")


if __name__ == "__main__":
    main()
