"""Shares as people read them."""


def write_percent(percent: float | None) -> str:
    """Such as "98.5 %"; a dash where there is nothing to have a share of."""
    return "–" if percent is None else f"{percent:.1f} %"
