"""What the help texts say: commands by group, examples, and the overview."""

from __future__ import annotations

from meshctl.present.text import pad

GROUPS: dict[str, dict[str, str]] = {
    "Lifecycle": {
        "up": "start the stack and return when all is ready",
        "down": "remove the project's containers and networks; data stays, -v removes it",
        "start": "start services that were stopped",
        "stop": "stop services; containers and data stay",
        "restart": "stop and start services; containers and data stay",
        "pause": "freeze services where they are",
        "unpause": "let paused services run on",
        "scale": "set the number of instances of a service",
    },
    "Look": {
        "ps": "services with instances and health",
        "why": "what is wrong, cause first, what speaks for it and what mends it",
        "logs": "what services write",
        "traces": "what requests did, newest first; show, compare and export them",
        "config": "the resolved configuration, or its schema",
        "doctor": "what is missing on this machine, and what mends it",
    },
    "Requests": {
        "call": "one HTTP or gRPC request to a service by its name",
        "exec": "run a command inside a service's container",
    },
    "Telemetry": {"collector": "receive, keep and serve traces; the stack runs it in a container"},
    "Project": {"init": "write a first meshctl.yaml for this folder"},
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}

#: What some commands do with the words after them; the first action is meant where none is named.
ACTIONS: dict[str, dict[str, str]] = {
    "traces": {
        "list": "the newest traces that match, one a line",
        "show": "one trace as a waterfall",
        "diff": "what differs between two traces, operation by operation",
        "export": "traces as one OTLP JSON document",
        "import": "give the collector the traces of an OTLP JSON document",
        "pin": "keep traces whatever the collector's limits say",
        "unpin": "keep traces as any others",
    }
}

#: What a command does where nothing else is said, and what it leaves alone.
DEFAULTS = {
    "ps": """\
A look: exit 0 whatever it sees. What is wrong stands above the table, cause first. Health is one of
waiting (for another service), starting, healthy, degraded (part of it, or one check alone failed),
unhealthy (it ran well before), failed (it never got ready), crash_loop, stopped, paused, done (it
has ended as it should) and unknown (nobody could ask).""",
    "why": """\
A look: exit 0 whatever it sees. Each finding has what speaks for it (the engine, own probes, the
registry, logs, calls seen in traces, meshctl's journal) and the command that mends it. With a
SERVICE: through which cause that one suffers, and its own reasons after it.""",
    "up": """\
What the file has changed is made anew; data stays. Containers of the project that the file does
not name are told and left alone; --remove-orphans removes them.""",
    "down": """\
All containers and networks of the project go, also of services that the file does not name (any
more). Data stays unless -v is given. Images and external volumes always stay.""",
    "start": """\
Without a SERVICE it starts all that are stopped. What was never created is made by `up`.""",
    "stop": """\
Containers and data stay: `start` goes on with them. Without a SERVICE it means all of them, and
asks in a terminal; a script says --all.""",
    "restart": """\
The instances of a service one after the other; containers and data stay. Without a SERVICE it
means all of them, and asks in a terminal; a script says --all.""",
    "pause": """\
Processes hold still and keep their memory: `unpause` lets them go on. Without a SERVICE it means
all of them, and asks in a terminal; a script says --all.""",
    "unpause": """\
Without a SERVICE it means all that are paused.""",
    "scale": """\
What is there is not made anew. Of fewer instances those with the highest numbers are removed; data
stays. More of them do not write to one volume unless --share-volumes or the file says so
(`mesh: {share_volumes: true}`, or deploy.replicas): two servers on one data directory corrupt it.""",
    "exec": """\
Its exit code is the command's. Without --instance it is the first instance that runs.""",
    "init": """\
A file that is there already is never overwritten.""",
    "traces show": """\
Without an ID it is the newest; up is the last `meshctl up`.""",
    "traces export": """\
Without an ID it is the newest that match, 20 unless --limit says another number.""",
}

EXAMPLES = {
    "up": ["meshctl up", "meshctl up orders --build", "meshctl up --dry-run", "meshctl up --scale users=3"],
    "down": ["meshctl down", "meshctl down -v            # the data too"],
    "start": ["meshctl start inventory", "meshctl start              # all that were stopped"],
    "stop": ["meshctl stop inventory", "meshctl stop orders worker --timeout 30s", "meshctl stop --all"],
    "restart": ["meshctl restart orders", "meshctl restart --all"],
    "pause": ["meshctl pause inventory    # it accepts connections and never answers", "meshctl pause --all"],
    "unpause": ["meshctl unpause inventory"],
    "scale": ["meshctl scale users=3", "meshctl scale users=1 orders=2"],
    "ps": ["meshctl ps", "meshctl ps users orders", "meshctl ps --json | jq '.[].health'"],
    "why": ["meshctl why", "meshctl why orders    # through which cause", "meshctl why --json | jq -r '.[0].mend'"],
    "logs": [
        "meshctl logs -f orders worker",
        "meshctl logs --since 5m --grep 'error|refused'",
        "meshctl logs --trace 4bf92f3577b34da6a3ce929d0e0e4736",
    ],
    "config": ["meshctl config", "meshctl config --json | jq .services.orders", "meshctl config --schema"],
    "doctor": ["meshctl doctor", "meshctl doctor --json | jq '.[] | select(.status == \"fail\")'"],
    "call": [
        "meshctl call users GET /users/1",
        """meshctl call orders POST /orders/ -d '{"user_id":1,"items":[{"sku":"espresso","quantity":1}]}'""",
        """meshctl call users users.v1.UserService/GetUser -d '{"id":1}'""",
        "meshctl call users GET /health --instance all",
        "meshctl call users GET /users/1 --trace",
    ],
    "traces": [
        "meshctl traces --service worker --min-duration 100ms",
        "meshctl traces show                  # the newest",
        "meshctl traces show up               # what the last `meshctl up` did",
        "meshctl traces diff 4bf92f35 00f067aa",
        "meshctl traces export --error -o errors.json",
    ],
    "traces list": ["meshctl traces list --error --since 5m", "meshctl traces list -a http.response.status_code=503"],
    "traces show": [
        "meshctl traces show",
        "meshctl traces show 4bf92f35",
        "meshctl traces show up               # what the last `meshctl up` did",
    ],
    "traces diff": ["meshctl traces diff 4bf92f35 00f067aa", "meshctl traces diff 4bf92f35 last"],
    "traces export": ["meshctl traces export 4bf92f35 -o trace.json", "meshctl traces export --error -o errors.json"],
    "traces import": ["meshctl traces import errors.json", "meshctl traces import - < errors.json"],
    "traces pin": ["meshctl traces pin 4bf92f35"],
    "traces unpin": ["meshctl traces unpin 4bf92f35"],
    "collector": [
        "meshctl collector --store traces.db",
        "meshctl collector --forward http://tempo.example:4318",
    ],
    "exec": ["meshctl exec postgres -- psql -U postgres", "meshctl exec users --instance 2 -- env"],
    "init": [
        "meshctl init               # from the Compose file or the Dockerfiles here",
        "meshctl init -f stack.yaml",
    ],
}


def description(page: str) -> str:
    """What the help of ``ps`` or ``traces show`` begins with."""
    command, _, action = page.partition(" ")
    text = ACTIONS[command][action] if action else COMMANDS[command]
    parts = [f"{text[0].upper()}{text[1:]}."]
    if page in DEFAULTS:
        parts.append(DEFAULTS[page])
    if page in ACTIONS:
        parts.append("actions:\n" + "\n".join(f"  {pad(name, 9)} {what}" for name, what in ACTIONS[page].items()))
        first = next(iter(ACTIONS[page]))
        parts.append(f"Without one it is {first}, with the options below; meshctl {page} ACTION --help tells of each.")
    return "\n\n".join(parts)


def overview() -> str:
    """What ``meshctl --help`` says."""
    lines = ["usage: meshctl [COMMAND] [options]", "", "A local control plane for microservices on containers."]
    lines += ["Without a command, in a terminal, it opens the app.", ""]
    for group, commands in GROUPS.items():
        lines.append(f"{group}:")
        lines += [f"  {pad(name, 9)} {text}" for name, text in commands.items()]
        lines.append("")
    lines += [
        "Options, before or after the command:",
        "  -f, --file FILE          the configuration (default: meshctl.yaml, searched upwards)",
        "  -p, --project-name NAME  another project name than the file's",
        "  --json                   one JSON document on stdout",
        "  -q, --quiet              no progress     -v, --verbose  more of it; twice: tracebacks",
        "  --version                print the version",
        "",
        "Exit codes: 0 done, 1 the answer is bad, 2 wrong usage or configuration, 3 the environment is",
        "missing, 4 timed out, 130 interrupted.  meshctl COMMAND --help tells more.",
    ]
    return "\n".join(lines)
