"""Marker secrets, and the search for them in all that a program showed or wrote, in whatever form."""

from __future__ import annotations

import base64
import functools
import secrets
import urllib.parse
from pathlib import Path


class Markers:
    """`make("noecho")` gives a secret that nothing but its owner holds; `found_in(text)` names those that a text repeats."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def make(self, name: str) -> str:
        # Characters that percent-encoding, base64 and JSON change, around what they leave alone.
        return self.know(name, f"mk{secrets.token_hex(8)}/+&{secrets.token_hex(8)}")

    def know(self, name: str, secret: str) -> str:
        """Searches for a secret that something else made. At least 10 characters."""
        assert len(secret) >= 10, name
        self._made[name] = secret
        return secret

    def found_in(self, text: str) -> list[str]:
        return [name for name, secret in self._made.items() if any(form in text for form in forms(secret))]

    def found_under(self, folder: Path, leaving_out: tuple[str, ...] = ()) -> list[str]:
        """Names of markers with the files under a folder that hold them."""
        found = []
        for path in sorted(folder.rglob("*")):
            place = str(path.relative_to(folder))
            if path.is_file() and not path.is_symlink() and not place.startswith(leaving_out):
                text = path.read_bytes().decode("utf-8", "replace")
                found += [f"{name} in {place}" for name in self.found_in(place + text)]
        return found


@functools.cache
def forms(secret: str) -> set[str]:
    """The secret as itself, percent-encoded, escaped for JSON, XML, hexadecimal, and within base64 of anything around it."""
    raw = secret.encode()
    found = {
        secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), urllib.parse.quote(secret),
        secret.replace("/", "\\/"), secret.replace("&", "&amp;"), secret.replace("&", "\\u0026"), raw.hex(),
        # Either half gives the whole away.
        *(part for part in (secret[:18], secret[-16:]) if len(secret) > 30)}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).decode().rstrip("=")
            # The first group holds the neighbour's bits, the last one may.
            found.add(text[4 if shift else 0:-2 if (len(raw) + shift) % 3 else None])
    return found
