"""``why``: findings, cause first."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from meshctl.model.findings import Evidence, EvidenceKind, Finding, Mend, MendKind
from meshctl.model.status import FindingKind, Reason, ReasonKind
from meshctl.present.documents.reading import DocumentError, Fields, each, found, text
from meshctl.present.evidence import evidence_text, teller
from meshctl.present.findings import finding_sentence
from meshctl.present.mends import mend_text

_TELLERS = {teller(kind): kind for kind in EvidenceKind}
_COMMANDS = {f"meshctl {kind}": kind for kind in MendKind if kind is not MendKind.TOLD}


def findings_to_data(
    findings: Sequence[Finding], held: Set[str] = frozenset(), now: float | None = None
) -> list[dict[str, Any]]:
    """``since`` is Unix seconds or null, ``mend`` '' if nothing is known that does; ``now`` adds ages to sentences."""
    return [
        {
            "service": finding.service,
            "instance": finding.instance,
            "kind": finding.kind.value,
            "since": finding.since,
            "by": finding.by,
            "sentence": finding_sentence(finding, held, now),
            "evidence": [f"{teller(one.kind)}: {evidence_text(one, now)}" for one in finding.evidence],
            "victims": list(finding.victims),
            "mend": mend_text(finding),
        }
        for finding in findings
    ]


def findings_from_data(data: Any) -> tuple[Finding, ...]:
    """Raises DocumentError. Sentence, evidence and mend are told in the words of the document."""
    return each(data, _finding)


def _finding(data: Any) -> Finding:
    fields = Fields(data)
    service, mend = fields.text("service"), fields.text("mend")
    return Finding(
        service=service,
        instance=fields.text("instance"),
        kind=fields.word("kind", FindingKind),
        since=fields.number("since") if fields.has("since") else None,
        by=fields.text("by"),
        reason=Reason(ReasonKind.TOLD, detail=fields.text("sentence")),
        evidence=fields.each("evidence", _evidence),
        victims=fields.each("victims", text),
        mend=_mend(mend, service) if mend else None,
    )


def _evidence(data: Any) -> Evidence:
    who, _, fact = text(data).partition(": ")
    if who not in _TELLERS:
        raise DocumentError("", f"{found(data)} does not begin with who says so")
    return Evidence(_TELLERS[who], text=fact)


def _mend(told: str, service: str) -> Mend:
    """A command of meshctl about one service is known again."""
    command, _, of = told.rpartition(" ")
    return Mend(_COMMANDS[command], of) if command in _COMMANDS else Mend(MendKind.TOLD, service, text=told)
