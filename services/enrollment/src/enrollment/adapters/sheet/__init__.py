"""Rosters in .xlsx files: `sniff` tells what a file is, `read_roster` gives its judged rows, `annotate` the
sender's sheet back with what became of them.
"""

from enrollment.adapters.sheet.annotating import annotate
from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.adapters.sheet.reading import RosterBatch, read_roster
from enrollment.adapters.sheet.sniffing import sniff
from enrollment.domain.roster import RosterRow, RosterSheet, SheetError

__all__ = [
    "RosterBatch",
    "RosterRow",
    "RosterSheet",
    "SheetError",
    "SheetLimits",
    "annotate",
    "read_roster",
    "sniff",
]
