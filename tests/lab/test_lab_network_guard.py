"""A lab keeps to its own machine."""

import pytest

from snowpit.errors import LabError
from snowpit.lab.network.guard import place


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:6443", "127.0.0.1", 6443),
        ("127.19.249.250:10250", "127.19.249.250", 10250),
        ("[::1]:0", "::1", 0),
    ],
)
def test_loopback_is_taken(address: str, host: str, port: int) -> None:
    assert place(address) == (host, port)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1:443",
        "0.0.0.0:6443",
        "[::]:6443",
        "[2001:db8::1]:443",
        "[::ffff:127.0.0.1]:443",
        "[fe80::1%lo]:443",
        "169.254.169.254:80",
        "example.org:443",
        "localhost:443",
        "127.1:443",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:66000",
        "127.0.0.1:-1",
        "127.0.0.1:\u0661",
        "127.0.0.1:443@example.org:443",
        "",
    ],
)
def test_all_else_is_refused(address: str) -> None:
    with pytest.raises(LabError):
        place(address)
