"""One click command per module: parse, call the engine, render, exit."""
