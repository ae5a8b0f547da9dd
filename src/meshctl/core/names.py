"""Names that meshctl gives to what it creates, and the nearest known name to a mistyped one."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAREST_CUTOFF = 0.6


def container_name(project: str, service: str, number: int) -> str:
    """Name of a service's container; numbers start at 1."""
    return f"{project}-{service}-{number}"


def network_name(project: str, network: str) -> str:
    """Name of a project's network in the runtime."""
    return f"{project}_{network}"


def volume_name(project: str, volume: str) -> str:
    """Name of a project's named volume in the runtime."""
    return f"{project}_{volume}"


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate most like `word`, or '' when none is near enough."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=NEAREST_CUTOFF)
    return by_folded[matches[0]] if matches else ""
