"""What the help texts say: commands by group, examples, and the overview."""

from __future__ import annotations

from meshctl.present.text import pad

GROUPS: dict[str, dict[str, str]] = {
    "Lifecycle": {
        "up": "start the stack and return when all is ready",
        "down": "remove what the project started",
        "start": "start services that were stopped",
        "stop": "stop services, keep their containers",
        "restart": "stop and start services",
        "pause": "freeze services",
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

EXAMPLES = {
    "up": ["meshctl up", "meshctl up orders --build", "meshctl up --dry-run", "meshctl up --scale users=3"],
    "down": ["meshctl down", "meshctl down -v            # the data too"],
    "start": ["meshctl start inventory", "meshctl start              # all that were stopped"],
    "stop": ["meshctl stop inventory", "meshctl stop orders worker --timeout 30s"],
    "restart": ["meshctl restart orders"],
    "pause": ["meshctl pause inventory    # it accepts connections and never answers"],
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
