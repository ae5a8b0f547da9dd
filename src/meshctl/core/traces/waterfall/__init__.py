"""A trace as rows in time: what senders got wrong is adjusted, then laid out and marked; ``view`` folds and zooms."""

from meshctl.core.traces.waterfall.layout import waterfall

__all__ = ["waterfall"]
