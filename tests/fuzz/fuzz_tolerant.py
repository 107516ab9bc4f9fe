"""Coverage-guided fuzzing of the tolerant reader: ``python tests/fuzz/fuzz_tolerant.py [libFuzzer options] [corpus]``.

Needs ``pip install atheris`` (not part of the test extras: it has no wheel for
every platform). A failure leaves the input in ``crash-*``; a hang is what takes
longer than ``-timeout=`` seconds.
"""

import sys

import atheris

with atheris.instrument_imports(include=["snowpit"]):
    from corpus import LINE, SEEDS, SHAPES, TOKEN, check

_KINDS = (*SHAPES, "sniff")
_SPLICES = (b"", LINE, LINE + b"\n", TOKEN, *SEEDS)


def one_input(data: bytes) -> None:
    """Reads one input: two bytes of choice, a splice, then the evidence."""
    provider = atheris.FuzzedDataProvider(data)
    shape = _KINDS[provider.ConsumeIntInRange(0, len(_KINDS) - 1)]
    size = provider.ConsumeIntInRange(1, 512)
    splice = _SPLICES[provider.ConsumeIntInRange(0, len(_SPLICES) - 1)]
    place = provider.ConsumeIntInRange(0, 2000)
    rest = provider.ConsumeBytes(provider.remaining_bytes())
    check(splice[:place] + rest + splice[place:], shape, size)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
