"""The hash of an entry is that of its canonical JSON, however that is spelled."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.ledger import chain
from wedgate.ledger.streams import Stream

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(), PLAIN, max_size=4)


def _hash(body: dict[str, object]) -> str:
    """Return the hash of an entry with a body, by the definition of ``digest_of``."""
    fields = [3, "journal", "judged", "2026-06-03T12:00:00+00:00", 2, "n", body, chain.GENESIS]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(body: dict[str, object]) -> str:
    return chain.digest_of(
        revision=3,
        stream=Stream.JOURNAL,
        kind="judged",
        at=AT,
        epoch=2,
        nonce="n",
        body=body,
        previous=chain.GENESIS,
    )


@given(BODIES)
def test_the_hash_is_of_canonical_json(body: dict[str, object]) -> None:
    """Sorted keys, no spaces, UTF-8."""
    assert _digest(body) == _hash(body)


@pytest.mark.parametrize("part", [None, lambda *some: None, lambda: None])
def test_it_is_the_same_without_the_part_in_c(part: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python has none, or one that takes or gives something else."""
    with monkeypatch.context() as patch:
        patch.setattr(json.encoder, "c_make_encoder", part)
        spelling = chain._spelling()
    monkeypatch.setattr(chain, "_spell", spelling)
    body: dict[str, object] = {"b": [1, None, "ä\n"], "a": {"z": True, "y": 0.5}}
    assert _digest(body) == _hash(body)
