"""YAML text -> plain values and the lines they stand in."""

from __future__ import annotations

import pytest
import yaml

from meshctl.adapters.config_file.yaml_tree import MAX_DEPTH, MAX_VALUES, Tree
from meshctl.errors import ConfigError


@pytest.fixture(params=[True, False], ids=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param)


def _value(text: str) -> object:
    return Tree(text, "f.yaml").value


def _wrong(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        Tree(text, "f.yaml")
    assert (caught.value.exit_code, caught.value.file) == (2, "f.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("a: -5", {"a": -5}),
        ("a: 1.5", {"a": 1.5}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: true", {"a": True}),
        ("a: False", {"a": False}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("a: null", {"a": None}),
        ("a: 'null'", {"a": "null"}),
        ("a: ''", {"a": ""}),
        ("a: '1'", {"a": "1"}),
        ("a: yes", {"a": "yes"}),
        ("a: no", {"a": "no"}),
        ("a: on", {"a": "on"}),
        ("a: 22:22", {"a": "22:22"}),
        ("a: 0644", {"a": "0644"}),
        ("a: 0x1F", {"a": "0x1F"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: " + "9" * 5000, {"a": "9" * 5000}),
        ("a: 1.2.3", {"a": "1.2.3"}),
        ("a: !!str 5", {"a": "5"}),
        ("a: !!int '5'", {"a": 5}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: [1, b, {c: d}]", {"a": [1, "b", {"c": "d"}]}),
        ("on: 1\n80: 2\ntrue: 3", {"on": 1, "80": 2, "true": 3}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1", {"a": 1}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 5\nc: [*x, *x]", {"a": 5, "c": [5, 5]}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        ("d: {<<: {b: 1}, c: 3}", {"d": {"b": 1, "c": 3}}),
        (
            "x: &x {b: 1}\ny: &y {b: 2, c: 2}\nd: {<<: [*x, *y]}",
            {"x": {"b": 1}, "y": {"b": 2, "c": 2}, "d": {"b": 1, "c": 2}},
        ),
        ("d: {'a.b': 1}", {"d": {"a.b": 1}}),
    ],
)
def test_values(text: str, value: object) -> None:
    assert _value(text) == value


def test_a_number_remembers_how_it_was_written() -> None:
    value = _value("a: 1.10")
    assert isinstance(value, dict)
    assert (value["a"], str(value["a"])) == (1.1, "1.10")


LINES = """\
x-base: &base
  image: base
  ports:
    - 80
    - target: 81
services:
  app:
    <<: *base
    command: [a,
      b]
  other: *base
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("services", 6),
        ("services.app", 7),
        ("services.app.command", 9),
        ("services.app.command[1]", 10),
        ("services.app.image", 2),
        ("services.app.ports[1].target", 5),
        ("services.other", 11),
        ("services.other.image", 2),
        ("services.other.ports[1].target", 5),
        ("services.app.nothing", 7),
        ("services.app.command[7]", 9),
        ("nowhere", 1),
    ],
)
def test_lines(path: str, line: int) -> None:
    """A path leads to where it was written, through merges and aliases, else to what is around it."""
    assert Tree(LINES, "f.yaml").line(path) == line


def test_an_empty_file_has_no_lines() -> None:
    assert Tree("", "f.yaml").line("a.b") is None


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "a", "the key 'a' is written twice (first in line 1)"),
        ("a:\n  b: 1\n  'b': 2", 3, "a.b", "the key 'b' is written twice (first in line 2)"),
        ("<<: {a: 1}\n<<: {b: 1}", 2, "<<", "written twice"),
        ("a: *x", 1, "a", "the alias *x has no anchor &x before it"),
        ("a: &x [*x]", 1, "a[0]", "the alias *x has no anchor &x before it"),
        ("a:\n  <<: 5", 2, "a.<<", "'<<' takes a mapping"),
        ("a:\n  <<: [5]", 2, "a.<<", "'<<' takes a mapping"),
        ("a: !!python/object/apply:os.system [id]", 1, "a", "is not allowed"),
        ("a: !custom x", 1, "a", "the YAML tag !custom is not allowed"),
        ("a: !!binary aGk=", 1, "a", "is not allowed"),
        ("a: !!set {b: null}", 1, "a", "is not allowed"),
        ("a: 1\n---\nb: 2", 2, "", "more than one YAML document"),
        ("? [a]\n: b", 1, "", "a key must be plain text"),
        ("~: b", 1, "", "a key is missing"),
        ("services:\n\tapp: 1", 2, "services", "a tab indents this line"),
        ("a: b: c", 1, "a", "not valid YAML"),
        ("a: [1, 2", None, "a", "not valid YAML"),
        ('a: "x', None, "a", "not valid YAML"),
        ("a: 1\n b: 2", 2, "a", "not valid YAML"),
        ("a: %x", 1, "a", "not valid YAML"),
        ("a: @x", 1, "a", "not valid YAML"),
    ],
)
def test_errors(text: str, line: int | None, path: str, message: str) -> None:
    error = _wrong(text)
    assert message in str(error)
    if line is not None:
        assert (error.line, error.path) == (line, path)


def test_an_unquoted_variable_in_braces_is_answered_with_quotes() -> None:
    assert "quotes" in _wrong("a: {b: ${C}}").hint


def test_billion_laughs() -> None:
    rows = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    error = _wrong("\n".join(rows))
    assert str(error) == f"the file stands for more than {MAX_VALUES} values"
    assert error.line == 5


def test_a_bomb_of_merges() -> None:
    rows = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: *a{n - 1}, x{n}: *a{n - 1}}}" for n in range(1, 60)]
    assert "stands for more than" in str(_wrong("\n".join(rows)))


@pytest.mark.parametrize("step", ["[", "- ", "{a: "])
def test_deep_nesting(step: str) -> None:
    assert str(_wrong("a:\n  " + step * 100)) == f"nested deeper than {MAX_DEPTH} levels"


@pytest.mark.parametrize("step", ["[", "- ", "{a: ", "? ", "&a ", "!!seq ", "*", "'", "#", "a: ", "- &a\n- "])
def test_long_nonsense_ends(step: str) -> None:
    try:
        Tree("a:\n" + step * 100_000, "f.yaml")
    except ConfigError as error:
        assert error.exit_code == 2


@pytest.mark.parametrize("text", ["\ud800", "a: \ud800", "a: \x00", "a: \x1b[31m", "\ufffe"])
def test_what_is_no_text(text: str) -> None:
    _wrong(text)
