"""Rules of a roster sheet: pure functions of cells; `contracts.identity` is the one import from outside."""

from enrollment.domain.roster.judge import REASONS, Judge
from enrollment.domain.roster.layout import (
    SAMPLE_ROWS,
    Layout,
    SheetSample,
    choose,
    column_letter,
    find_layout,
)
from enrollment.domain.roster.model import (
    Cell,
    Fault,
    Line,
    RosterFields,
    RosterRow,
    RosterSheet,
    SheetError,
    Verdict,
    is_blank,
    text_of,
)

__all__ = [
    "REASONS",
    "SAMPLE_ROWS",
    "Cell",
    "Fault",
    "Judge",
    "Layout",
    "Line",
    "RosterFields",
    "RosterRow",
    "RosterSheet",
    "SheetError",
    "SheetSample",
    "Verdict",
    "choose",
    "column_letter",
    "find_layout",
    "is_blank",
    "text_of",
]
