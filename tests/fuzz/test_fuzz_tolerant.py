"""A small budget of random damage, in every run; ``fuzz_tolerant.py`` goes on for as long as it is left to."""

from corpus import SEEDS, SHAPES, TOKEN, check
from hypothesis import given, settings
from hypothesis import strategies as st

SCRAPS = (
    b"\n",
    b"\0",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b",",
    b":",
    b"\xff",
    b"---\n",
    TOKEN,
    b"Bearer x",
    b'{"kind":"Event",',
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A seed or two with pieces replaced, repeated, swapped and dropped."""
    data = b"".join(draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(start + 60, len(data))))
        new = draw(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=6), st.just(data[start:end] * 2)))
        data = data[:start] + new + data[end:]
    return data


@settings(max_examples=120, deadline=None)
@given(mutated(), st.sampled_from((*SHAPES, "sniff")), st.integers(1, 300))
def test_no_mutation_of_known_shapes_breaks_the_reader(data: bytes, shape: str, size: int) -> None:
    check(data, shape, size)


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=300), st.sampled_from((*SHAPES, "sniff")), st.integers(1, 50))
def test_no_random_bytes_break_the_reader(data: bytes, shape: str, size: int) -> None:
    check(data, shape, size)
