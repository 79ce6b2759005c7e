"""Where traffic is, asked of the targets now, in words for somebody who has to decide what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from wedgate.adapters.targets.interface import Target
from wedgate.errors import WedgateError
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import TargetSettings, Weights

OpenTarget = Callable[[TargetSettings], Target]


def weights_in(targets: Mapping[str, TargetSettings], open_target: OpenTarget) -> Mapping[str, Weights | None]:
    """Return the weights in force in each region; ``None`` where the target does not answer."""
    found: dict[str, Weights | None] = {}
    for region, settings in targets.items():
        try:
            found[region] = open_target(settings).weights().weights
        except WedgateError:
            found[region] = None
    return found


def spell_traffic(targets: Mapping[str, TargetSettings], open_target: OpenTarget) -> str:
    """Say where traffic is in each region: ``us-west blue 100 % / green 0 %``."""
    return ", ".join(_spell(region, weights) for region, weights in weights_in(targets, open_target).items())


def spell_exposed(regions: Sequence[RegionPlan], open_target: OpenTarget) -> str:
    """Say which regions have candidate traffic, or may have; empty when none does."""
    found = weights_in({region.region: region.target for region in regions}, open_target)
    exposed = [
        _spell(region.region, found[region.region])
        for region in regions
        if found[region.region] != Weights.giving(region.stable, 100)
    ]
    return ", ".join(exposed)


def _spell(region: str, weights: Weights | None) -> str:
    """Spell one region's weights."""
    if weights is None:
        return f"{region} not known (the target does not answer)"
    return f"{region} blue {weights.blue} % / green {weights.green} %"
