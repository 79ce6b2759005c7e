"""The decision: from calendar answers, runway, freeze and trust to one verdict with its reasons. Pure."""
