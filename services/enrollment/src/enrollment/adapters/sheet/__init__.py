"""Rosters in .xlsx files: `sniff` tells what a file is, `read_roster` gives its judged rows."""

from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.adapters.sheet.reading import RosterBatch, read_roster
from enrollment.adapters.sheet.sniffing import sniff
from enrollment.domain.roster import RosterRow, RosterSheet, SheetError

__all__ = ["RosterBatch", "RosterRow", "RosterSheet", "SheetError", "SheetLimits", "read_roster", "sniff"]
