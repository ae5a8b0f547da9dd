"""Finding, reading and loading ``meshctl.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from meshctl.adapters.config_file import load_config
from meshctl.adapters.config_file.known import load_known, place_of
from meshctl.adapters.config_file.loader import MAX_BYTES
from meshctl.errors import ConfigError, UsageError
from meshctl.model.config import MeshConfig, ServiceKind

REPOSITORY = Path(__file__).resolve().parents[2]
LEAST = "services: {app: {image: app}}\n"


def _load(
    cwd: Path, file: str | None = None, *, project: str | None = None, environ: Mapping[str, str] | None = None
) -> MeshConfig:
    return load_config(file, project=project, environ=environ or {}, cwd=str(cwd))


def _wrong(cwd: Path, file: str | None = None, environ: Mapping[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(cwd, file, environ=environ)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "My Shop"
    found.mkdir()
    return found


@pytest.mark.parametrize("name", ["meshctl.yaml", "meshctl.yml"])
def test_it_is_found_here_and_above(folder: Path, name: str) -> None:
    (folder / name).write_text(LEAST)
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    for cwd in (folder, below):
        config = _load(cwd)
        assert (config.file, config.name) == (str(folder / name), "myshop")


def test_the_nearest_file_wins(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text("name: outer\n" + LEAST)
    below = folder / "below"
    below.mkdir()
    (below / "meshctl.yml").write_text("name: inner\n" + LEAST)
    assert _load(below).name == "inner"


def test_the_nearest_file_is_named_shortly_in_errors(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text("services: {app: {imag: app}}")
    below = folder / "below"
    below.mkdir()
    assert _wrong(folder).file == "meshctl.yaml"
    assert _wrong(below).file == str(folder / "meshctl.yaml")


def test_a_named_file(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "other.yaml").write_text("services: {app: {build: src}}")
    config = _load(folder, "sub/other.yaml")
    build = config.services["app"].build
    assert (config.file, config.name) == (str(folder / "sub" / "other.yaml"), "sub")
    assert build is not None
    assert build.context == str(folder / "sub" / "src")


def test_a_linked_file_belongs_where_its_link_is(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("services: {app: {build: src}}")
    (folder / "meshctl.yaml").symlink_to(tmp_path / "real.yaml")
    build = _load(folder).services["app"].build
    assert build is not None
    assert build.context == str(folder / "src")


def test_a_named_directory(folder: Path) -> None:
    (folder / "sub").mkdir()
    assert "is a directory without a meshctl.yaml" in str(_wrong(folder, "sub"))
    (folder / "sub" / "meshctl.yml").write_text(LEAST)
    assert _load(folder, "sub").name == "sub"


def test_no_file_is_answered_with_what_to_do(folder: Path) -> None:
    error = _wrong(folder)
    assert str(error) == f"no meshctl.yaml in {folder} or above"
    assert "meshctl init" in error.hint and "-f" in error.hint


def test_a_named_file_that_is_not_there(folder: Path) -> None:
    error = _wrong(folder, "gone.yaml")
    assert (str(error), error.file) == ("there is no file gone.yaml", "gone.yaml")


def test_the_project_name_of_the_command_line(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text("name: written\n" + LEAST)
    assert _load(folder, project="mine").name == "mine"
    with pytest.raises(UsageError):
        _load(folder, project="Not A Name")


def test_dotenv_beside_the_file_and_the_shell_before_it(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text("services: {app: {image: '${A}-${B}-${C:-c}'}}")
    (folder / ".env").write_text("A=a\nB=b\n")
    below = folder / "below"
    below.mkdir()
    (below / ".env").write_text("A=wrong\n")
    assert _load(below, environ={"B": "shell"}).services["app"].image == "a-shell-c"


def test_a_wrong_dotenv_names_its_line(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text(LEAST)
    (folder / ".env").write_text("A=1\nnot a setting\n")
    error = _wrong(folder)
    assert (error.file, error.line) == (str(folder / ".env"), 2)


def test_env_files(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text(
        "services:\n  app:\n    image: app\n    env_file: [a.env, {path: gone.env, required: false}]\n"
    )
    (folder / "a.env").write_text("A=1\n")
    assert _load(folder).services["app"].environment == {"A": "1"}
    (folder / "a.env").write_bytes(b"\xff\xfe")
    error = _wrong(folder)
    assert "is not UTF-8 text" in str(error)
    assert (error.line, error.path) == (4, "services.app.env_file[0]")
    (folder / "a.env").unlink()
    (folder / "a.env").mkdir()
    assert "cannot read" in str(_wrong(folder))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"\x00\x01\x02", "control character 0x00"),
        (b"services:\n  app: {image: \x07}\n", "control character 0x07"),
        (b"\xff\xfe\x00s", "is not UTF-8 text (byte 0xff)"),
        (b"services:\n  app: {image: caf\xe9}\n", "is not UTF-8 text (byte 0xe9)"),
        pytest.param(b"#" * (MAX_BYTES + 1), "is larger than 1 MiB", id="huge"),
        (b"- a\n- b\n", "must be a mapping with 'services:', found a list"),
        (b"just text", "must be a mapping with 'services:', found a single value"),
        (b"services: 5", "expected a mapping, found the number 5"),
    ],
)
def test_hostile_files(folder: Path, content: bytes, message: str) -> None:
    (folder / "meshctl.yaml").write_bytes(content)
    assert message in str(_wrong(folder))


def test_the_line_of_what_is_no_text(folder: Path) -> None:
    (folder / "meshctl.yaml").write_bytes(b"services:\n  app:\n    image: caf\xe9\n")
    assert _wrong(folder).line == 3


def test_a_byte_order_mark_is_no_harm(folder: Path) -> None:
    (folder / "meshctl.yaml").write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    assert list(_load(folder).services) == ["app"]


@pytest.mark.parametrize("file", ["/dev/zero", "a\0b", "/proc/self/mem", pytest.param("x" * 5000, id="long")])
def test_hostile_names(folder: Path, file: str) -> None:
    _wrong(folder, file)


WRONG_FILE = """\
name: shop
services:
  db:
    image: postgres
  orders:
    image: orders
    depends_on:
      db: {condition: service_healthy}
    helthcheck: {http: /health}
"""


def test_an_error_carries_file_line_path_and_nearest_key(folder: Path) -> None:
    (folder / "meshctl.yaml").write_text(WRONG_FILE)
    error = _wrong(folder)
    assert str(error) == "unknown key 'helthcheck'"
    assert (error.file, error.line) == ("meshctl.yaml", 9)
    assert (error.path, error.nearest) == ("services.orders.helthcheck", "healthcheck")


def test_the_bundled_stack() -> None:
    config = _load(REPOSITORY)
    assert (config.name, config.registry) == ("shop", "consul")
    applications = [name for name, spec in config.services.items() if spec.kind is ServiceKind.APPLICATION]
    assert applications == ["users", "orders", "inventory", "notifications", "worker", "echo"]
    assert all(port.host_ip == "127.0.0.1" for spec in config.services.values() for port in spec.ports)


def test_what_is_known_needs_neither_variables_nor_env_files(folder: Path) -> None:
    (folder / ".env").write_text("TAG=2\n")
    (folder / "meshctl.yaml").write_text(
        "services: {app: {image: 'app:${TAG}', env_file: gone.env, user: '${WHO}', environment: ['A=$FOO']}}"
    )
    known = load_known(None, project=None, environ={"WHO": "me"}, cwd=str(folder))
    app = known.config.services["app"]
    assert (known.unset, app.image, app.user) == (("FOO",), "app:2", "me")
    assert known.config.file == str(folder / "meshctl.yaml")


@pytest.mark.parametrize(
    ("text", "name", "folder_name"),
    [
        ("name: demo\nservices: [", "demo", ""),
        ("x: [\nname: 'demo'  # mine\n", "demo", ""),
        ('name: "${NAME:-demo}"\r\nx: [', "demo", ""),
        ("name: ${PROJECT}\nx: [", "from-shell", ""),
        ("name: ${MISSING}\nx: [", "", ""),
        ("name: No Name\nx: [", "", ""),
        ('{"name": "demo"', "", ""),
        ("services:\n  name: other\n  x: [", "", "myshop"),
    ],
)
def test_the_name_of_a_broken_file(folder: Path, text: str, name: str, folder_name: str) -> None:
    (folder / "meshctl.yaml").write_bytes(text.encode())
    place = place_of(None, environ={"PROJECT": "from-shell"}, cwd=str(folder))
    assert (place.files, place.there) == ((str(folder / "meshctl.yaml"),), True)
    assert (place.name, place.folder) == (name, folder_name)


def test_the_place_of_a_file_that_is_gone(folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    looked_for = place_of(None, environ={}, cwd=str(below))
    assert (looked_for.there, looked_for.name, looked_for.folder) == (False, "", "below")
    assert looked_for.files[:3] == tuple(
        str(path) for path in (below / "meshctl.yaml", below / "meshctl.yml", folder / "meshctl.yaml")
    )
    named = place_of("sub/../other.yaml", environ={}, cwd=str(folder))
    assert (named.files, named.there, named.folder) == ((str(folder / "other.yaml"),), False, "myshop")
    inside = place_of("below", environ={}, cwd=str(folder))
    assert inside.files == (str(below / "meshctl.yaml"), str(below / "meshctl.yml"))
