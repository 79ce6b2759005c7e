"""Every reason code that wedgate gives, listed once, never renamed.

``docs/reference/reason-codes.md`` explains each for a reader; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a decision is what it is. snake_case, stable across versions (SemVer covers them)."""

    OPEN = "open"
    """Nothing closes the region, and rules were looked at."""
    NO_RULES = "no_rules"
    """No rule at all applies to the region: open, and said so."""
    RULE_BLOCKS = "rule_blocks"
    LOAD_BLOCKS = "load_blocks"
    OUTSIDE_ALLOW_WINDOW = "outside_allow_window"
    CALENDAR_UNVERIFIED = "calendar_unverified"
    """A source does not cover the date, and the rule could have closed the region."""
    RULE_CAUTION = "rule_caution"
    LOAD_CAUTION = "load_caution"
    LOAD_UNVERIFIED = "load_unverified"
    """A source does not cover the date, and the rule could have raised the load."""
    RUNWAY_SHORT = "runway_short"
    """Open now, but the region closes before the runway asked for has passed."""
    CONFIG_INVALID = "config_invalid"
    CONFIG_MISSING = "config_missing"
    CONFIG_LOOSENED = "config_loosened"
    """A change to wedgate.yml would open instants that are closed today: it needs the override quorum."""
    CONFIG_TIGHTENED = "config_tightened"
    """A change to wedgate.yml opens nothing that is closed today."""
    CONFIG_REPAIRED = "config_repaired"
    """A change to wedgate.yml makes a broken file valid."""
    CLOCK_UNTRUSTED = "clock_untrusted"
    """This machine's clock is absurd, or more than a minute away from the forge's."""
    HYPOTHETICAL = "hypothetical"
    """Asked about an instant given by hand: on a runner, nothing starts because of the answer."""
    FORGE_UNREACHABLE = "forge_unreachable"
    """The forge did not answer, so the configuration that decides could not be read."""
    OVERRIDDEN = "overridden"
    """Closed by the calendar, and let through by an override that several people approved."""
    LEDGER_UNREACHABLE = "ledger_unreachable"
    """The ledger did not answer, so freezes and uses of overrides are not known."""
    FROZEN = "frozen"
    POISONED = "poisoned"
