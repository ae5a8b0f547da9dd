"""Which values are secret, and how they are kept out of what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

MASK = "***"
#: Shorter values are hidden where they stand as a secret, but not wherever the same letters occur.
MIN_LENGTH = 6

_SECRET_WORDS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL")
_SECRET_ENDS = ("KEY", "PASS", "PWD", "APIKEY", "SECRETKEY", "ACCESSKEY", "PRIVATEKEY")
_NOT_SECRET_ENDS = ("FILE", "PATH", "DIR", "TTL")
_URL_PASSWORD = re.compile(
    r"(?P<head>[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s:/@?#]{0,256}:)(?P<word>[^\s/@?#]{1,512})(?=@)"
)
_SETTING = re.compile(r"(?P<head>(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,80})=)(?P<word>[^\s\"',;&]+)")


def is_secret_name(name: str) -> bool:
    """True for names such as ``POSTGRES_PASSWORD``, ``API_KEY``, ``githubToken``."""
    parts = [part for part in re.split(r"[^A-Z0-9]+", name.upper()) if part]
    if not parts or parts[-1] in _NOT_SECRET_ENDS or parts[0] == "PUBLIC":
        return False
    if any(word in part for part in parts for word in _SECRET_WORDS):
        return True
    return parts[-1] in _SECRET_ENDS and parts != ["PWD"]


def url_passwords(text: str) -> tuple[str, ...]:
    """The passwords in ``scheme://user:password@host``."""
    if "://" not in text:
        return ()
    return tuple(match["word"] for match in _URL_PASSWORD.finditer(text))


def secrets_of(environment: Mapping[str, str]) -> Iterable[str]:
    """The secret values of one environment."""
    for name, value in environment.items():
        if is_secret_name(name):
            yield value
        yield from url_passwords(value)


def telling(values: Iterable[str], public: Iterable[str]) -> tuple[str, ...]:
    """The values that may be hidden in any text: long enough and not also a ``public`` word of the file."""
    known = set(public)
    return tuple(sorted({value for value in values if len(value) >= MIN_LENGTH and value not in known}))


def mask(text: str, secrets: tuple[str, ...] = ()) -> str:
    """``text`` with the secrets, the passwords in URLs and the values of ``SOME_PASSWORD=…`` hidden."""
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\g<head>{MASK}", text)
    if "=" in text:
        text = _SETTING.sub(_mask_setting, text)
    pattern = _any_of(secrets) if secrets else None
    return pattern.sub(MASK, text) if pattern is not None else text


def mask_setting(name: str, value: str, secrets: tuple[str, ...] = ()) -> str:
    """The value of an environment variable as it may be shown."""
    return MASK if value and is_secret_name(name) else mask(value, secrets)


def _mask_setting(match: re.Match[str]) -> str:
    return f"{match['head']}{MASK}" if is_secret_name(match["name"]) else match[0]


@lru_cache(maxsize=8)
def _any_of(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    usable = sorted((secret for secret in secrets if len(secret) >= MIN_LENGTH), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, usable))) if usable else None
