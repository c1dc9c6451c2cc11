"""The appearance of Argentina's plates, for lpr's renderer: data as well.

It is a separate module because it needs lpr-training; only ``lpr data synth`` loads it.
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
