"""A virtual world and clock that run the real engine: crashes, zombies, late balancers, edited calendars; a seed."""
