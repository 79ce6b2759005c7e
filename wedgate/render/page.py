"""The frame of every page: one file that needs nothing else, with a policy that forbids it to ask for anything."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files


def render_page(title: str, body: str, *, style: str, script: str = "") -> str:
    """Return a whole page. Its style and its script are the only ones that its policy lets run: each by its hash.

    ``body`` is HTML already; ``title`` is text.
    """
    scripts = _hash_of(script) if script else "'none'"
    policy = (
        f"default-src 'none'; style-src {_hash_of(style)}; script-src {scripts}; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n"
        f"{f'<script>{script}</script>' if script else ''}</body>\n</html>\n"
    )


def read_part(name: str) -> str:
    """Return a style sheet or script that lies beside the code."""
    return files("wedgate.render").joinpath(name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
