"""Cells as people read them."""

from reports.kinds.contract import Cell

NOTHING = "–"


def write_cell(cell: Cell, places: int = 2) -> str:
    """A figure with its thousands apart and up to `places` decimals; a dash where there is none."""
    match cell:
        case None:
            return NOTHING
        case str():
            return cell or NOTHING
        case float():
            whole, _, decimals = f"{cell:,.{places}f}".partition(".")
            rest = decimals.rstrip("0")
            return f"{whole}.{rest}" if rest else whole
        case _:
            return f"{cell:,}"
