"""Long lines made short without losing a peak."""

from collections.abc import Sequence

Spot = tuple[float, float | None]


def thin(spots: Sequence[Spot], buckets: int) -> list[Spot]:
    """Of each of `buckets` equal stretches the first, the lowest, the highest and the last point, and a gap.

    A line through them looks like one through all, on a plot that is not wider than that.
    """
    if len(spots) <= 4 * buckets:
        return list(spots)
    first, span = spots[0][0], (spots[-1][0] - spots[0][0]) or 1.0
    thinned: list[Spot] = []
    bucket: list[Spot] = []
    number = 0
    for spot in spots:
        place = min(buckets - 1, int((spot[0] - first) / span * buckets))
        if place != number:
            thinned += _most_telling(bucket)
            bucket, number = [], place
        bucket.append(spot)
    return thinned + _most_telling(bucket)


def _most_telling(bucket: Sequence[Spot]) -> list[Spot]:
    known = [place for place, (_, value) in enumerate(bucket) if value is not None]
    if not known:
        return list(bucket[:1])
    values = {place: bucket[place][1] or 0.0 for place in known}
    kept = {known[0], known[-1], min(known, key=values.__getitem__), max(known, key=values.__getitem__)}
    gap = next((place for place, (_, value) in enumerate(bucket) if value is None), None)
    return [bucket[place] for place in sorted(kept if gap is None else {*kept, gap})]
