"""What Docker refuses, in plain words: the same for a start that fails now and for one that failed before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from meshctl.model.containers import LABEL_INSTANCE, LABEL_PROJECT, LABEL_SERVICE


class Refusal(NamedTuple):
    """``says`` is a clause, ``hint`` the next step or ''."""

    says: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.says[:1].upper()}{self.says[1:]}."


class Owner(NamedTuple):
    """Whose a container is; one that is not meshctl's has a name alone."""

    name: str
    project: str = ""
    service: str = ""
    instance: str = ""


# Patterns stay text until they are needed: compiling them would cost every command a millisecond.
_PORT = (
    r"(?:Bind for|listen tcp[46]?|listen udp[46]?|bind host port(?: for)?|exposing port \S+ ->)\s+"
    r"(?P<host>\[?[0-9a-fA-F.:]*?\]?):(?P<port>\d+)(?:/\w+)?"
)
_TAKEN = r"port is already allocated|address already in use|ports are not available"
_ANYWHERE = ("", "0.0.0.0", "::")
#: What could not be run, of a command inside a container too: that is named by whoever started it.
NO_PROGRAM = r'exec: "(?P<what>[^"]*)": (?:executable file not found|stat \S+: no such file|no such file)'
_COMMAND = "Correct `command:` or `entrypoint:`, or what the image holds."
#: What Docker says, what that means, what mends it.
_MEANINGS = (
    (
        NO_PROGRAM,
        "there is no `{what}` in its image",
        _COMMAND,
    ),
    (
        r'exec: "(?P<what>[^"]*)": (?:permission denied|is a directory)',
        "`{what}` in its image is no program that may be run",
        _COMMAND,
    ),
    (
        r"exec format error",
        "its program is made for another kind of processor, or is a script without a #! line",
        "Build the image for this machine, or begin the script with #!/bin/sh.",
    ),
    (r'chdir to cwd \("(?P<what>[^"]*)"\)', "its image has no folder {what}", "Correct `working_dir:`."),
    (r"unable to find user (?P<what>[^:]+): no matching", "its image has no user {what}", "Correct `user:`."),
    (
        r"bind source path does not exist: (?P<what>.+)",
        "{what} is to be mounted and does not exist",
        "Create that path, or correct it under `volumes:`.",
    ),
    (
        r'error mounting "(?P<what>[^"]*)" to rootfs at "(?P<to>[^"]*)".*not a directory',
        "{what} cannot be mounted at {to}: one is a file, the other a folder",
        "Correct it under `volumes:`.",
    ),
    (
        r"mounts denied[\s\S]*?path (?P<what>/\S+)",
        "Docker may not share {what} with containers",
        "Share it in Docker Desktop: Settings, Resources, File sharing.",
    ),
    (
        r"listen \w+ (?P<what>\S+): bind: cannot assign requested address",
        "{what} is no address of this machine",
        "Correct `host_ip:` of the port.",
    ),
    (
        r"network (?P<what>\S+) not found|no such network:? (?P<also>\S+)",
        "its network {what} does not exist any more",
        "Make it anew: `meshctl down`, then `meshctl up`.",
    ),
    (r"no space left on device", "the disk of the engine is full", "`docker system prune` makes room."),
    (
        r"address pools have been fully subnetted|non-overlapping IPv4 address pool",
        "the engine has no address range left for another network",
        "`docker network prune` removes networks that nobody uses.",
    ),
    (
        r"already in use by container",
        "",
        "Remove that container with `docker rm -f`, or rename the project.",
    ),
    (
        r"has active endpoints|volume is in use",
        "",
        "A container outside the project uses it; `docker ps -a` shows which.",
    ),
)
_PREAMBLE = (
    r"^(?:Error response from daemon: |Conflict\. |failed to create (?:shim )?task(?: for container)?: "
    r"|OCI runtime (?:create|exec) failed: |runc create failed: |exec failed: |unable to start container process: "
    r"|failed to set up container networking: |driver failed programming external connectivity on endpoint [^:]+: )+"
)


def refusal(message: str) -> Refusal:
    """A refusal of Docker's in our words; one that is not known keeps its own, without the preamble."""
    for pattern, says, hint in _MEANINGS:
        found = re.search(pattern, message, re.IGNORECASE)
        if found is not None:
            words = {name: part for name, part in found.groupdict().items() if part is not None}
            words["what"] = words.get("what", words.get("also", ""))
            return Refusal(says.format_map(words) or sentence(message), hint)
    return Refusal(sentence(message))


def taken_port(message: str) -> tuple[str, int] | None:
    """Host address and port that a start failed on: None when it failed for another reason."""
    if re.search(_TAKEN, message, re.IGNORECASE) is None:
        return None
    matches = list(re.finditer(_PORT, message, re.IGNORECASE))
    return (matches[-1]["host"].strip("[]"), int(matches[-1]["port"])) if matches else ("", 0)


def owner(name: str, labels: Mapping[str, str]) -> Owner:
    """Whose the container of this name is."""
    found = (labels.get(label, "") for label in (LABEL_PROJECT, LABEL_SERVICE, LABEL_INSTANCE))
    return Owner(name.lstrip("/"), *found)


def holder(entries: Iterable[Mapping[str, Any]], host: str, port: int) -> Owner | None:
    """Who of the listed containers publishes this port."""
    for entry in entries:
        for binding in entry.get("Ports") or ():
            at = str(binding.get("IP") or "")
            if binding.get("PublicPort") == port and (at == host or at in _ANYWHERE or host in _ANYWHERE):
                return owner(str((entry.get("Names") or [""])[0]), entry.get("Labels") or {})
    return None


def port_taken(host: str, port: int, wanted_by: Owner, held_by: Owner | None) -> Refusal:
    """Who has the port, and what frees one; that is never to stop what belongs to the same project."""
    where = f"port {port} of {host or 'this machine'}" if port else "a port of this machine"
    if held_by is None:
        said = f"`ss -ltnp sport = :{port}` names it; end it, or set another `published:` port."
        return Refusal(f"{where} is taken by another program", said)
    who = f"{held_by.service}-{held_by.instance}"
    if not held_by.project:
        said = f"Stop it with `docker stop {held_by.name}`, or set another `published:` port."
        return Refusal(f"{where} is taken by the container {held_by.name}", said)
    if held_by.project != wanted_by.project:
        said = f"Set another `published:` port, or free it: `meshctl -p {held_by.project} stop {held_by.service}`."
        return Refusal(f"{where} is taken by {who} of the project {held_by.project}", said)
    if held_by.service == wanted_by.service:
        said = f"Leave `published:` of {held_by.service} out: each instance gets a free port."
        return Refusal(f"{where} is taken by {who}, another instance of the same service", said)
    said = f"Give {wanted_by.service} or {held_by.service} another `published:` port, or leave it out for any free one."
    return Refusal(f"{where} is taken by {who} of the same project", said)


def sentence(message: str) -> str:
    """One line without Docker's preamble, at most 400 characters."""
    text = " ".join(message.split())
    text = re.sub(_PREAMBLE, "", text).removesuffix(": unknown")
    return text if len(text) <= 400 else text[:399] + "…"
