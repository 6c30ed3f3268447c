"""Links that offer one thing at several hosts: `from [Dropbox](..), [BaiduYun](..), or [GoogleDrive](..)`.

The words before such a run are of all its links. What its surest link leads to the others do, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from auditor.addresses import locate
from auditor.documents.purpose_settled import Judgement, Place
from auditor.documents.purpose_words import CHECKPOINT, DATASET, OTHER, RESULTS

_HOST = re.compile(
    r"\W*(?:(?:from|via|on|at)\s)?(?:google(?: ?drive)?|g-?drive|one ?drive|drop ?box|b-?drive"
    r"|(?:baidu|百度)\s*(?:yun|pan|drive|disk|cloud|netdisk|网盘|云盘?)?|谷歌(?:网盘|云盘?)?|zenodo|modelscope|figshare|quark|mega|box|github"
    r"|hugging ?face|hf|aws|s3|(?:alternative |backup )?(?:mirror|link)(?: ?\d)?)"
    r"(?: (?:link|mirror|download))?\W*(?:\([^()]{0,40}\)|（[^（）]{0,40}）)?\W*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,;/|&()\[\]·、或和]{0,12}(?:(?:and|or|und|y|o)[\s(\[]{1,4})?", re.IGNORECASE)
_FILES = {"file", "folder", "repo"}


def with_mirrors(places: Sequence[Place], judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements of the links of a document, those of mirrors that nothing else tells by what their run leads to."""
    shared = list(judgements)
    for run in runs(places):
        told = {judgements[number].purpose for number in run} - {OTHER}
        if len(told) != 1 or not told <= {CHECKPOINT, DATASET, RESULTS}:
            continue
        surest = max((judgements[number] for number in run if judgements[number].purpose in told), key=lambda one: one.score)
        for number in run:
            address = locate(places[number].link.url)
            if judgements[number].purpose == OTHER and _HOST.fullmatch(places[number].link.label) and address.target in _FILES:
                shared[number] = Judgement(surest.purpose, surest.score, f"mirror: {surest.reason}"[:200])
    return shared


def runs(places: Sequence[Place]) -> Iterator[list[int]]:
    """Yield the places of links that follow each other with nothing but a comma or an `or` between, under the names of different hosts."""
    run: list[int] = []
    for number, place in enumerate(places):
        follows = run and place.link.context == places[run[-1]].link.context and place.link.row == places[run[-1]].link.row
        hosts = {locate(places[one].link.url).host for one in run}
        named = _HOST.fullmatch(place.link.label) and locate(place.link.url).host not in hosts
        if follows and named and place.link.url != places[run[-1]].link.url and _BETWEEN.fullmatch(place.before):
            run.append(number)
            continue
        if len(run) > 1:
            yield run
        run = [number]
    if len(run) > 1:
        yield run
