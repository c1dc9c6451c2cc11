"""TOML that people and attackers write: a table, or one error that names file and key."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.utils.toml import RecipeError, parse_toml


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\nb = " + "9" * 5000, "x.toml: b has a number of 5000 digits (line 2)"),
        ("[t]\nlong = -" + "1_0" * 3000, "x.toml: long has a number of"),
        ("a = " + "[" * 100_000 + "]" * 100_000, "x.toml: its lists or tables are nested too"),
        ("a = \n", "x.toml: Invalid value (at line 1"),
        ("a = 1\na = 2", "x.toml: Cannot overwrite a value"),
    ],
)
def test_what_is_no_toml_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(RecipeError) as error:
        parse_toml(text, "x.toml")
    assert str(error.value).startswith(words)
    assert len(str(error.value)) < 200


@given(st.text(alphabet="ab=[]{}\"'0123456789.-_#\n, ", max_size=80))
def test_any_text_is_a_table_or_a_recipe_error(text: str) -> None:
    with suppress(RecipeError):
        assert isinstance(parse_toml(text, "x"), dict)
