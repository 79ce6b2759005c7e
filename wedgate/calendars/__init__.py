"""Calendar algebra: rule kinds and frozen facts in, intervals, loads, next openings and explanations out.

Pure: no clock, no file, no network. Facts (zones, holidays) come from ``wedgate.almanac`` as values.
"""
