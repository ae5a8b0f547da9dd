"""Two restrained themes: one accent, red only for what is broken now."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="meshctl-dark",
    primary="#5fafd7",
    accent="#5fafd7",
    secondary="#5fafd7",
    success="#7fb77e",
    warning="#dcae5a",
    error="#f0706a",
    foreground="#d5dae0",
    background="#12161b",
    surface="#181d24",
    panel="#1f262f",
    boost="#242c36",
    dark=True,
    variables={"muted": "#8b96a3", "cursor-row": "#26323e", "rule": "#3a4551"},
)
LIGHT = Theme(
    name="meshctl-light",
    primary="#0b62a8",
    accent="#0b62a8",
    secondary="#0b62a8",
    success="#1c7a38",
    warning="#8a5d00",
    error="#c4222c",
    foreground="#1f262e",
    background="#fafbfc",
    surface="#f1f4f7",
    panel="#e7ecf1",
    boost="#e0e6ec",
    dark=False,
    variables={"muted": "#5c6773", "cursor-row": "#d7e6f3", "rule": "#c3ccd6"},
)
