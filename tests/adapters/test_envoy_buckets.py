"""Envoy's histogram edges, which arrive with the rounding of binary multiplication."""

from __future__ import annotations

import math

from wedgate.adapters.metrics.envoy import _buckets


def test_neighbouring_buckets_never_overlap_however_their_edges_were_multiplied_out() -> None:
    """Envoy writes an edge as mantissa / 10 * power of ten in binary: the bucket of 110 ms begins at 1.1 * 100."""
    totals = [
        {"lower_bound": mantissa / 10 * 10**power, "width": 10**power / 10, "count": 1}
        for power in (1, 2, 3)
        for mantissa in range(10, 100)
    ]
    assert any(total["lower_bound"] != math.floor(total["lower_bound"]) for total in totals), "nothing to prove"
    stats = [{"histograms": {"details": [{"name": "cluster.blue.upstream_rq_time", "totals": totals}]}}]
    edges = [
        edge
        for bucket in _buckets(stats, "cluster.blue.upstream_rq_time")
        for edge in (bucket.lower_ms, bucket.upper_ms)
    ]
    assert len(edges) == 2 * len(totals)
    assert edges == sorted(edges)
