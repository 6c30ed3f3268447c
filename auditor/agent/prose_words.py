"""Words that a sentence about findings may not use, or only where a cited finding carries them."""

from __future__ import annotations

import re


def _stems(text: str) -> re.Pattern[str]:
    """Return a pattern of words at the beginning of a word; `_` stands for a gap."""
    return re.compile(r"(?<![a-z])(?:" + "|".join(text.split()).replace("_", r"[\s-]+") + r")", re.IGNORECASE)


# Of people and their intentions: no finding says that.
CHARGES = _stems(
    r"""
    fake\w* fraud\w* fabricat\w* stolen steal\w* theft lied\b lies\b lying\b liar dishonest\w* deceiv\w* decept\w* deceit\w* cheat\w*
    plagiar\w* conceal\w* manipulat\w* falsif\w* forged\b forger\w* bogus scam\w* deliberate\w* intentional\w* on_purpose secret\w*
    misconduct unethical\w* retract\w* guilt\w* negligen\w* careless\w* sloppy incompetent\w* suspicious\w* shady malicious\w* made_up
    invented\b invent\b doctored cover\w*_up copied_from never_(?:released|existed|trained|shared|published|uploaded) withh[eo]ld\w*
    hid(?:e|es|ing|den)_(?:the|their|its) mislead\w* misle[da]\w* exaggerat\w* inflat\w* cherry\w* shame\w* embarrass\w* worthless useless
    untrustworth\w* unreliable bad_faith irreproducib\w* unreproducib\w* blame\w* impossible accus\w* violat\w* illegal\w* infring\w*
    refus\w* excus\w* ignor(?:ed|es)_the pretend\w* cannot_be_trusted
    """
)
ABSENT = _stems(
    r"""
    missing absent lack(?:s|ing)?\b unavailable vanished removed deleted gone\b
    not_(?:been_)?(?:released|available|uploaded|there|published|shared|provided|included)
    no_(?:checkpoint|file|weights) without_a_(?:checkpoint|file) unreleased unpublished
    """
)
MIXED = _stems(
    r"""
    mislabel\w* misnamed wrong\w* swapped swap\b mixed mix-?up interchanged exchanged confus\w* another_variant relabel\w* renamed rename
    """
)
AGAINST = _stems(
    r"""
    contradict\w* disagree\w* inconsisten\w* incorrect\w* false\b falsely fail\w* mismatch\w* differ\w* conflict\w*
    does_not_(?:match|agree|fit|hold) do_not_(?:match|agree|fit|hold) cannot_be not_the broken corrupt\w* error\w* invalid\w* damaged
    unreadable
    """
)
AGREES = _stems(
    r"""
    consistent agree(?:s|d|ing|ment)?\b match(?:es|ed|ing)?\b correct(?:ly)?\b verified confirm\w* reproduc\w* genuine authentic safe\b
    trustworth\w* fits\b
    """
)
EVERYTHING = re.compile(r"\b(?:all|every\w*|each|whole|entire\w*|complete\w*|nothing|none|always|any)\b", re.IGNORECASE)
NEGATED = re.compile(r"\b(?:not|no|nothing|none|neither|nor|never|cannot)\b|n't\b", re.IGNORECASE)
ORDERS = _stems(
    r"""
    please\b you_(?:should|must|can|need) we_(?:should|must|urge|recommend) ignore\b disregard\b click\b visit\b download\b install\b
    run_(?:the|this|it) execute\b open_an?_issue file_an?_issue report_(?:this|them|it)_to contact\b email\b
    """
)
COUNTED = {
    word: number
    for number, word in enumerate(
        """
        two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
        """.split(),
        2,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
COMPUTED = re.compile(
    r"(?<![a-z])(?:twice|thrice|doubles?|doubled|doubling|triples?|tripled|quadrupl\w*|halves|halved|half|quarters?|thirds?|fourth"
    r"|fifth|tenth|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|hundredfold|\w+fold|percent\w*|pairs?|couple|zero|most(?!\s+(?:likely|probably))"
    r"|majority|minority|times\s+(?:as|more|larger|smaller)|order\s+of\s+magnitude)(?![a-z])",
    re.IGNORECASE,
)
# With these a sentence may begin in capitals; any other capitalized word is a name, and has to stand in the facts.
BEGINNINGS = frozenset(
    """
    the a an this that these those it its they their he she his her we our i no not none nothing neither nor only both all each every any
    some several if since because as although though while when where whether what which who whose how why there here then thus so hence
    therefore however but and or perhaps possibly probably likely maybe presumably apparently seemingly one another other others more most
    fewer less same such with without within for from to in on at by of under over after before between among against across about like
    unlike except given based according despite either checkpoint checkpoints file files weights variant variants network networks model
    models claim claims table tables row rows column columns picture paper readme readmes document documents repository folder folders
    link links release releases parameters params depths dims values value number numbers structure shape shapes name names size sizes
    count counts learnable buffers head backbone training snapshot evidence finding findings audit report authors author source sources
    primary secondary measured claimed measure measurement comparison comparisons tensor tensors metadata config settings also still just
    even
    """.split()
)
