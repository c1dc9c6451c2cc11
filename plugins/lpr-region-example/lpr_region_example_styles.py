"""What Brazil's plates look like, for lpr's renderer: data as well.

A module of its own: only ``lpr data synth`` loads it, and it needs lpr-training.
"""

from __future__ import annotations

from lpr_training.synth.styles import Style

_SIZES = ((400, 130),)
_GREY, _WHITE, _BLACK = (172, 174, 172), (238, 240, 240), (24, 24, 26)
_BLUE, _RED = (140, 58, 22), (36, 28, 170)

STYLES = (
    Style("grey", _SIZES, ("AAA-9999",), _GREY, _BLACK, share=3, blossoms=False),
    Style("red", _SIZES, ("AAA-9999",), _RED, _WHITE, share=0.5, blossoms=False),
    Style("mercosul", _SIZES, ("AAA9A99",), _WHITE, _BLACK, share=4, blossoms=False, band=_BLUE),
    Style("mercosul-red", _SIZES, ("AAA9A99",), _WHITE, _RED, blossoms=False, band=_BLUE),
)
