"""Certificate authorities and certificates in files, as kubeadm names them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import RSAKey

from snowpit.lab.authority import tokens
from snowpit.lab.wire import Certificate

CA, FRONT_PROXY = "ca", "front-proxy-ca"
NAMES = {CA: "kubernetes", FRONT_PROXY: "front-proxy-ca"}
HOSTS = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
DAYS = 30
_Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class _Authority(NamedTuple):
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


class Pki:
    """A folder of authorities, certificates and keys.

    Args:
        folder: Folder; made if it is missing, readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._authorities: dict[str, _Authority] = {}

    def create(self) -> None:
        """Make the authorities, the API servers' certificate and the key of ServiceAccount tokens."""
        for stem, name in NAMES.items():
            key = ec.generate_private_key(ec.SECP256R1())
            made = _signed(_name(name, ()), key, _Authority(key, None), ca=True)  # type: ignore[arg-type]
            self._authorities[stem] = _Authority(key, made)
            self._write(stem, made, key)
        self.server("apiserver", "kube-apiserver", ("127.0.0.1",))
        signing = rsa.generate_private_key(65537, 2048)
        self.put("sa.key", _private(signing))
        self.put("sa.pub", _public(signing))
        self.put("tokens.csv", b"")
        self.put("basic.csv", b"")

    def server(self, stem: str, name: str, addresses: tuple[str, ...]) -> None:
        """A certificate for serving on these addresses, and under the names of an API server."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(stem, _signed(_name(name, ()), key, self._authorities[CA], addresses=addresses), key)

    def client(self, stem: str, who: Certificate) -> None:
        """A client certificate, signed by the authority that it names as issuer."""
        key = ec.generate_private_key(ec.SECP256R1())
        authority = FRONT_PROXY if who.issuer == NAMES[FRONT_PROXY] else CA
        name = _name(who.common_name, who.organizations)
        self._write(stem, _signed(name, key, self._authorities[authority]), key)

    def signer(self) -> tokens.Signer:
        """Signs ServiceAccount tokens with the folder's key."""
        return tokens.Signer(RSAKey.import_key((self.folder / "sa.key").read_bytes()))

    def verifier(self) -> tokens.Verifier:
        """Checks them."""
        return tokens.Verifier([RSAKey.import_key((self.folder / "sa.pub").read_bytes())])

    def put(self, name: str, content: bytes) -> None:
        """Write a file that only its owner can read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)

    def _write(self, stem: str, certificate: x509.Certificate, key: _Private) -> None:
        self.put(f"{stem}.crt", certificate.public_bytes(serialization.Encoding.PEM))
        self.put(f"{stem}.key", _private(key))


def _name(common: str, organizations: tuple[str, ...]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in organizations]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _signed(
    subject: x509.Name,
    key: _Private,
    authority: _Authority,
    *,
    ca: bool = False,
    addresses: tuple[str, ...] = (),
) -> x509.Certificate:
    """A certificate; of an authority, signed by itself."""
    now = datetime.now(UTC)
    issuer = subject if ca else authority.certificate.subject
    usage = ExtendedKeyUsageOID.SERVER_AUTH if addresses else ExtendedKeyUsageOID.CLIENT_AUTH
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    made = made.add_extension(_usage(ca=ca), critical=True)
    if not ca:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if addresses:
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
        names += [x509.IPAddress(ip_address(address)) for address in addresses]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(authority.key, hashes.SHA256())


def _usage(*, ca: bool) -> x509.KeyUsage:
    """What a key is for: signing certificates, or signatures of a handshake."""
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    none = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **none)


def _private(key: _Private) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public(key: _Private) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
