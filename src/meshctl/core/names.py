"""Names that meshctl gives to what it creates, and the one answer to a name that nothing has."""

from collections.abc import Iterable

from meshctl.errors import UsageError

NEAREST_CUTOFF = 0.6
#: Names that a hint offers, and that it lists.
_OFFERED, _LISTED = 3, 12
_ABOUT = 0.05


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
    return next(iter(_near(word, candidates, 1)), "")


def no_such(kind: str, word: str, known: Iterable[str] = (), *, where: str = "", hint: str = "") -> UsageError:
    """``no service 'order' in shop``. Its hint has the nearest of the known names, else ``hint``, else all of them."""
    names = sorted(set(known))
    near = _near(word, names, _OFFERED + 1)
    near = sorted(near) if len(near) <= _OFFERED else []
    offered = f"{', '.join(near[:-1])} or {near[-1]}" if len(near) > 1 else "".join(near)
    told = f"Did you mean {offered}?" if near else hint or _all(names)
    return UsageError(f"no {kind} '{word}'{f' {where}' if where else ''}", hint=told)


def not_created(service: str) -> UsageError:
    """A service that has no container, asked for something that needs one."""
    return UsageError(f"{service} is not created", hint=f"Create it: meshctl up {service}")


def _near(word: str, candidates: Iterable[str], most: int) -> list[str]:
    """The nearest one, and those that are about as near."""
    from difflib import SequenceMatcher, get_close_matches  # only worth loading for a mistake

    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    folded, names = word.casefold(), list(by_folded)
    best = get_close_matches(folded, names, n=1, cutoff=NEAREST_CUTOFF)
    if not best:
        return []
    about = max(NEAREST_CUTOFF, SequenceMatcher(None, best[0], folded).ratio() - _ABOUT)
    return [by_folded[match] for match in get_close_matches(folded, names, n=most, cutoff=about)]


def _all(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"There are: {', '.join(names[:_LISTED])}{more}." if names else "There is none."
