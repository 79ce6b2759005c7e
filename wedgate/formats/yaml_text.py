"""YAML as the other tools' own examples write it: keys in the order given, long text as a block, lists one per line."""

from __future__ import annotations


def yaml_of(value: object) -> str:
    """Write plain values as YAML; the same values always give the same text."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents lists under their key, and writes text of several lines as a literal block."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: object) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        style = "|" if "\n" in data else '"' if data[:1].isdigit() else None  # 22:00 is a number to some readers
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, width=1000, allow_unicode=True)
