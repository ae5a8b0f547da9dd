"""Secrets are hidden wherever they could be shown."""

from __future__ import annotations

import pytest

from meshctl.core.config.mask import is_secret_name, mask, mask_setting


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "POSTGRES_PASSWORD",
        "PGPASSWORD",
        "db.password",
        "API_KEY",
        "apiKey",
        "APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "SECRET_KEY_BASE",
        "GITHUB_TOKEN",
        "githubToken",
        "MYSQL_PWD",
        "SMTP_PASS",
        "GOOGLE_CREDENTIALS",
        "CLIENT_SECRET",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "PWD",
        "PATH",
        "KEYCLOAK_URL",
        "MONKEY",
        "KEYBOARD",
        "COMPASS",
        "PUBLIC_KEY",
        "POSTGRES_PASSWORD_FILE",
        "HOST",
    ],
)
def test_other_names(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("nothing here", "nothing here"),
        ("postgresql+psycopg://users:users@postgres:5432/users", "postgresql+psycopg://users:***@postgres:5432/users"),
        ("redis://:pw@redis:6379/0", "redis://:***@redis:6379/0"),
        ("two amqp://a:b@h/ and http://c:d@h/", "two amqp://a:***@h/ and http://c:***@h/"),
        ("http://host:80/path@x", "http://host:80/path@x"),
        ("DB_PASSWORD=abc DEBUG=1", "DB_PASSWORD=*** DEBUG=1"),
        ("GET /x?token=abc&a=1", "GET /x?token=***&a=1"),
        ("the word correct-horse is said", "the word *** is said"),
        ("correct-horse-2 and correct-horse", "*** and ***"),
    ],
)
def test_texts(text: str, masked: str) -> None:
    assert mask(text, ("correct-horse", "correct-horse-2")) == masked


def test_short_secrets_do_not_tear_holes_into_words() -> None:
    assert mask("the guest is here", ("guest", "is")) == "the guest is here"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PASSWORD", "x", "***"),
        ("PASSWORD", "", ""),
        ("URL", "redis://:pw@h", "redis://:***@h"),
        ("LEVEL", "info", "info"),
    ],
)
def test_settings(name: str, value: str, shown: str) -> None:
    assert mask_setting(name, value) == shown
