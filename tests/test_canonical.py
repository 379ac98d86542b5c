"""The quick way to write canonical JSON gives the very bytes that RFC 8785 asks for."""

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.ledger import LARGEST, canonical

WHOLE = st.integers(-LARGEST, LARGEST)
ANY = st.text(st.characters(codec="utf-8"))
PLAIN = st.text(st.characters(max_codepoint=127))


def nested(text):
    scalars = st.none() | st.booleans() | WHOLE | text
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


@settings(max_examples=200)
@given(nested(PLAIN) | nested(ANY))
def test_whatever_is_written_has_one_form(value):
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_beyond_the_basic_plane_are_sorted_as_the_standard_says():
    value = {"\ufb33": 1, "\U0001f600": 2, "z": 3}

    assert canonical(value) == rfc8785.dumps(value)
    assert list(value) != sorted(value, key=lambda key: key.encode("utf-16-be"))
