"""Variables in values follow the Compose Specification."""

from __future__ import annotations

import pytest

from meshctl.core.config.interpolate import interpolate
from meshctl.core.config.problems import Wrong
from tests.core.config.parsing import config_of, service_of, wrong

ENVIRON = {"NAME": "shop", "EMPTY": "", "TAG": "1.2", "_x1": "under"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$NAME", "shop"),
        ("${NAME}", "shop"),
        ("${_x1}", "under"),
        ("a-$NAME-b", "a-shop-b"),
        ("$NAME/$TAG", "shop/1.2"),
        ("${NAME}${TAG}", "shop1.2"),
        ("$$NAME", "$NAME"),
        ("$${NAME}", "${NAME}"),
        ("cost: 5$$", "cost: 5$"),
        ("${EMPTY}", ""),
        ("${EMPTY-d}", ""),
        ("${EMPTY:-d}", "d"),
        ("${MISSING-d}", "d"),
        ("${MISSING:-d}", "d"),
        ("${MISSING:-}", ""),
        ("${NAME:-d}", "shop"),
        ("${MISSING:-a b:c}", "a b:c"),
        ("${MISSING:-${NAME}}", "shop"),
        ("${MISSING:-x${MISSING2:-${TAG}}y}", "x1.2y"),
        ("${MISSING:-$NAME}", "shop"),
        ("${MISSING:-$$}", "$"),
        ("${NAME:+alt}", "alt"),
        ("${EMPTY:+alt}", ""),
        ("${EMPTY+alt}", "alt"),
        ("${MISSING+alt}", ""),
        ("${NAME:+${TAG}}", "1.2"),
        ("${NAME:?needed}", "shop"),
        ("${EMPTY?needed}", ""),
        ("${NAME:-${UNREAD}}", "shop"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert interpolate(text, ENVIRON) == expected


def test_values_are_not_read_again() -> None:
    assert interpolate("${A}", {"A": "${B} $C $$"}) == "${B} $C $$"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${MISSING}", "missing env variable MISSING"),
        ("$MISSING", "missing env variable MISSING"),
        ("${MISSING:?set it}", "missing env variable MISSING: set it"),
        ("${EMPTY:?set it}", "missing env variable EMPTY: set it"),
        ("${MISSING?}", "missing env variable MISSING"),
        ("${MISSING:?for $NAME}", "missing env variable MISSING: for shop"),
        ("${NAME", "not closed"),
        ("${NAME:-${TAG}", "not closed"),
        ("${}", "names no variable"),
        ("${1}", "names no variable"),
        ("${NAME!x}", "is not understood"),
        ("${NAME:x}", "is not understood"),
        ("$", "is no variable"),
        ("$(pwd)", "is no variable"),
        ("$5", "is no variable"),
        ("${A:-" * 40 + "}" * 40, "nested deeper"),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(Wrong, match=r".*") as caught:
        interpolate(text, ENVIRON)
    assert message in str(caught.value)


def test_a_missing_variable_is_one_clear_error_with_its_place() -> None:
    """The message names the variable, the error its file, line and path, the hint what to do."""
    document = {"services": {"db": {"image": "postgres", "environment": {"PGPASSWORD": "${DB_PASSWORD}"}}}}
    error = wrong(document, lines={"services.db.environment.PGPASSWORD": 7}.get)
    assert str(error) == "missing env variable DB_PASSWORD"
    assert (error.file, error.line, error.path) == (
        "meshctl.yaml",
        7,
        "services.db.environment.PGPASSWORD",
    )
    assert error.exit_code == 2
    assert "DB_PASSWORD" in error.hint and ".env" in error.hint


def test_a_misspelt_variable_names_the_one_that_is_set() -> None:
    document = {"services": {"db": {"image": "${POSTGRES_IMAG}"}}}
    assert wrong(document, environ={"POSTGRES_IMAGE": "x"}).nearest == "POSTGRES_IMAGE"


def test_every_missing_variable_is_told() -> None:
    error = wrong({"services": {"a": {"image": "${A}"}, "b": {"image": "$B"}}})
    assert "2 problems" in str(error)
    assert [str(other) for other in error.others] == ["missing env variable B"]


def test_keys_are_left_alone() -> None:
    assert service_of({"environment": {"$KEY": "v"}}).environment == {"$KEY": "v"}


def test_numbers_from_variables_are_numbers() -> None:
    spec = service_of(
        {
            "ports": [{"name": "http", "target": "${PORT}", "published": "${PUB:-}"}, "${OTHER}:9000"],
            "deploy": {"replicas": "${N:-1}"},
            "init": "${INIT}",
        },
        environ={"PORT": "8000", "OTHER": "19000", "INIT": "false", "PUB": "18000"},
    )
    assert [(port.target, port.published) for port in spec.ports] == [(8000, 18000), (9000, 19000)]
    assert (spec.replicas, spec.init) == (1, False)


def test_shared_parts_are_read_once() -> None:
    """A document whose aliases share one list thirty levels deep is walked, not written out."""
    bomb: object = ["x"]
    for _ in range(30):
        bomb = [bomb, bomb]
    assert config_of({"x-bomb": bomb, "services": {"a": {"image": "a"}}}).name == "shop"


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        ("a-$MISSING-b", "a--b", {"MISSING"}),
        ("${MISSING}", "", {"MISSING"}),
        ("${MISSING:?say ${OTHER}}", "", {"MISSING"}),
        ("${EMPTY:?}", "", {"EMPTY"}),
        ("${EMPTY?}${NAME}", "shop", set()),
        ("${MISSING:-${OTHER}}", "", {"OTHER"}),
        ("${MISSING-d}", "d", set()),
    ],
)
def test_a_variable_that_is_not_needed_stands_for_nothing_and_is_told(
    text: str, expected: str, names: set[str]
) -> None:
    unset: set[str] = set()
    assert interpolate(text, ENVIRON, unset=unset) == expected
    assert unset == names
