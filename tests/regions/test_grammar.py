from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lpr.regions import Format, Grammar, Region
from lpr.regions.taiwan import TAIWAN

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def accepts(grammar: Grammar, text: str, alphabet: str = ALPHABET) -> bool:
    state = 0
    for char in text:
        state = int(grammar.transitions[state, alphabet.index(char)])
        if state < 0:
            return False
    return bool(grammar.accepting[state])


@given(st.one_of(
    st.text(alphabet=ALPHABET, max_size=8),
    st.text(alphabet="A1", min_size=4, max_size=7),
))  # fmt: skip
def test_the_automaton_and_the_formats_agree(text: str) -> None:
    grammar = Grammar.of([TAIWAN], ALPHABET)
    assert accepts(grammar, text) == (TAIWAN.display(text) is not None)


def test_several_regions_and_a_small_alphabet() -> None:
    short = Region("xx", "Short", (Format("A9", "two"),))
    grammar = Grammar.of([TAIWAN, short], "A1")
    assert accepts(grammar, "A1", "A1")
    assert accepts(grammar, "AAA1111", "A1")
    assert not accepts(grammar, "AA", "A1")


def test_without_regions_only_nothing_is_read() -> None:
    grammar = Grammar.of([], ALPHABET)
    assert (grammar.transitions == -1).all()
