"""What Argentina's plates look like, for lpr's renderer: data as well.

A module of its own: only ``lpr data synth`` loads it, and it needs lpr-training.
"""

from __future__ import annotations

from lpr_training.synth.styles import Style

_SIZES = ((400, 130),)
_WHITE, _BLACK = (238, 240, 240), (24, 24, 26)
_BLUE = (140, 58, 22)

STYLES = (
    Style("black", _SIZES, ("AAA 999",), _BLACK, _WHITE, share=2, blossoms=False),
    Style("mercosur", _SIZES, ("AA 999 AA",), _WHITE, _BLACK, share=4, blossoms=False, band=_BLUE),
)
