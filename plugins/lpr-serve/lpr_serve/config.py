"""The configuration of the service: a TOML file, checked key by key at start."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lpr.errors import LprError
from lpr.models import DEFAULT_MODEL
from lpr.source import MAX_PIXELS
from lpr.utils.files import state_folder
from lpr.utils.toml import parse_toml

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ConfigError(LprError):
    """The configuration is wrong; the message names the key."""


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """A camera to watch: its name, its address, and further options of ``lpr watch``."""

    name: str
    address: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenConfig:
    """A token by the SHA-256 of its text, and what it may do: ``read`` or ``write``."""

    name: str
    sha256: str
    scopes: tuple[str, ...] = ("read",)


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. Sizes are in bytes, times in seconds.

    ``queue`` is the number of pictures that may wait; further ones are refused with 429.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    model: str = DEFAULT_MODEL
    regions: str | None = None
    store: str = ""
    readers: int = 0
    queue: int = 64
    max_upload: int = 20_000_000
    max_pixels: int = MAX_PIXELS // 4
    keep: tuple[str, ...] = ()
    tls_certificate: str | None = None
    tls_key: str | None = None
    tokens: tuple[TokenConfig, ...] = ()
    cameras: tuple[CameraConfig, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"port has to lie in 0..65535, not {self.port}")
        for name in ("queue", "max_upload", "max_pixels"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} has to be 1 or more, not {getattr(self, name)}")
        if self.host not in _LOOPBACK and not self.tokens:
            raise ConfigError(
                f"host {self.host} is reachable from outside: add a [[tokens]] (lpr serve "
                "--new-token NAME makes one), or put a proxy in front that asks for a login and "
                "keep host 127.0.0.1"
            )
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ConfigError("tls_certificate and tls_key belong together")
        names = [camera.name for camera in self.cameras]
        if len(set(names)) < len(names):
            raise ConfigError("two cameras have the same name")

    @property
    def store_address(self) -> str:
        """The store's address; by default an SQLite file in the user's state folder."""
        return self.store or f"sqlite:///{state_folder() / 'plates.db'}"


def read_config(file: Path | None, **overrides: Any) -> Config:
    """The configuration of a file, with ``overrides`` that are not None.

    Raises :class:`ConfigError` for an unknown key or a value of another type, and for a file that
    cannot be read. ``${NAME}`` in an address stands for an environment variable, so that passwords
    need not be in the file.
    """
    given: dict[str, Any] = {}
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read: {error}") from error
        given = parse_toml(text, str(file), ConfigError)
    place = f"{file}: " if file else ""
    cameras = tuple(_camera(each, place) for each in _tables(given.pop("cameras", []), place))
    tokens = tuple(_token(each, place) for each in _tables(given.pop("tokens", []), place))
    given |= {name: value for name, value in overrides.items() if value is not None}
    kinds = {each.name: each.type for each in fields(Config)}
    for name, value in given.items():
        if name not in kinds:
            known = ", ".join(sorted(kinds))
            raise ConfigError(f"{place}there is no key {name!r}; known are {known}")
        _check(name, value, str(kinds[name]), place)
    if isinstance(given.get("keep"), list):
        given["keep"] = tuple(given["keep"])
    if "store" in given:
        given["store"] = _filled(given["store"], place)
    return Config(**given, cameras=cameras, tokens=tokens)


def _check(name: str, value: Any, kind: str, place: str) -> None:
    if kind.startswith("int"):
        right = isinstance(value, int) and not isinstance(value, bool)
    elif kind.startswith("str"):
        right = isinstance(value, str)
    else:
        right = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    if not right:
        wanted = {"i": "a whole number", "s": "a text"}.get(kind[0], "a list of texts")
        raise ConfigError(f"{place}{name} has to be {wanted}, not {value!r}")


def _tables(value: Any, place: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ConfigError(f"{place}cameras and tokens are written as [[cameras]] and [[tokens]]")
    return value


def _camera(table: dict[str, Any], place: str) -> CameraConfig:
    _only(table, ("name", "address", "options"), "cameras", place)
    options = table.get("options", [])
    if not isinstance(options, list) or not all(isinstance(each, str) for each in options):
        raise ConfigError(f"{place}options of a camera have to be a list of texts")
    address = _filled(_text(table, "address", "cameras", place), place)
    return CameraConfig(_text(table, "name", "cameras", place), address, tuple(options))


def _token(table: dict[str, Any], place: str) -> TokenConfig:
    _only(table, ("name", "sha256", "scopes"), "tokens", place)
    digest = _text(table, "sha256", "tokens", place).lower()
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ConfigError(f"{place}sha256 of a token has 64 hexadecimal digits")
    scopes = table.get("scopes", ["read"])
    if not isinstance(scopes, list) or not set(scopes) <= {"read", "write"}:
        raise ConfigError(f"{place}scopes of a token are read and write")
    return TokenConfig(_text(table, "name", "tokens", place), digest, tuple(scopes))


def _only(table: dict[str, Any], keys: tuple[str, ...], name: str, place: str) -> None:
    if unknown := sorted(set(table) - set(keys)):
        raise ConfigError(f"{place}{name} have no key {unknown[0]!r}; known are {', '.join(keys)}")


def _text(table: dict[str, Any], key: str, name: str, place: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{place}each of {name} needs {key}, a text")
    return value


def _filled(text: str, place: str) -> str:
    """``text`` with the values of its ``${VARIABLES}``."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ConfigError(f"{place}the environment has no variable {match[1]}")
        return os.environ[match[1]]

    return _VARIABLE.sub(value, text)
