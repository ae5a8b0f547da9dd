"""The environment of a service: ``env_file``, then ``environment`` over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshctl.core.config.envfile import EnvFileWrong, parse_env
from meshctl.core.config.keys import ENV_FILE
from meshctl.core.config.mounts import absolute
from meshctl.core.config.problems import Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import NO_PAIRS, boolean, choice, filled, pairs

#: The text of a file by absolute path, None when it is not there; raises Wrong when it cannot be read.
ReadText = Callable[[str], str | None]


class Environment:
    """Reads environments. ``environ`` is the shell's over ``.env``'s."""

    def __init__(self, base_dir: str, environ: Mapping[str, str], read_text: ReadText) -> None:
        self._base_dir = base_dir
        self._environ = environ
        self._read_text = read_text
        self.home = environ.get("HOME", "")

    def read(self, service: Reader) -> dict[str, str]:
        """The variables of one service; a bare ``KEY`` comes from the shell and is left out if not there."""
        found: dict[str, str] = {}
        for value, path in _env_files(service):
            found.update(self._file(service, value, path))
        written = service.get("environment", pairs, NO_PAIRS)
        for key in written:
            if not key or "=" in key:
                service.problems.add(service.at("environment"), f"'{key}' is no name for a variable")
        found.update(self.filled_in(written))
        return found

    def filled_in(self, written: Mapping[str, str | None]) -> dict[str, str]:
        """``written`` with missing values from the shell, without those that are not there either."""
        values = {key: self._environ.get(key) if value is None else value for key, value in written.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _file(self, service: Reader, value: object, path: str) -> dict[str, str]:
        required, raw, key = True, False, path
        if isinstance(value, dict):
            entry = Reader(value, path, ENV_FILE, service.problems)
            required = entry.get("required", boolean, True)
            raw = entry.get("format", choice(("raw",)), "") == "raw"
            value, key = entry.raw("path"), entry.at("path")
            if value is None:
                return {}

        def read(written: object) -> dict[str, str]:
            return self._parsed(filled(written), required=required, raw=raw)

        return service.converted(value, key, read, {})

    def _parsed(self, name: str, *, required: bool, raw: bool) -> dict[str, str]:
        text = self._read_text(absolute(name, self._base_dir, self.home))
        if text is None:
            if not required:
                return {}
            raise Wrong(
                f"the env file {name} is not there", hint="Write {path: …, required: false} if it may be missing."
            )
        try:
            return parse_env(text, self._environ, raw=raw)
        except EnvFileWrong as wrong:
            raise Wrong(f"{name}, line {wrong.line}: {wrong}", nearest=wrong.nearest, hint=wrong.hint) from None


def _env_files(service: Reader) -> list[tuple[object, str]]:
    value = service.raw("env_file")
    if value is None:
        return []
    return list(service.items("env_file")) if isinstance(value, list) else [(value, service.at("env_file"))]
