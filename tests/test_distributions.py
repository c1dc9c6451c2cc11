"""The distributions: one version, a licence in each, extras that exist, a page for an index."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from lpr.utils.toml import parse_toml

ROOT = Path(__file__).resolve().parents[1]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "release_version", ROOT / "release" / "version.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = _script()
PROJECTS = {path.parent.name if path.parent != ROOT else "lpr": path for path in release.projects()}


def project(name: str) -> dict[str, Any]:
    path = PROJECTS[name]
    content = parse_toml(path.read_text(encoding="utf-8"), str(path))
    table: dict[str, Any] = content["project"]
    return table


def requirements(name: str) -> list[str]:
    table = project(name)
    extras = table.get("optional-dependencies", {})
    return [*table["dependencies"], *(each for extra in extras.values() for each in extra)]


@pytest.mark.parametrize("name", PROJECTS)
def test_each_distribution_says_what_an_index_shows(name: str) -> None:
    table = project(name)
    core = project("lpr")
    assert table["version"] == core["version"]
    assert table["license"] == "Apache-2.0"
    assert table["license-files"] == ["LICENSE"]
    licence = PROJECTS[name].parent / "LICENSE"
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes(), "copy LICENSE there"
    assert table["authors"] == [{"name": "lpr contributors"}]
    assert table["requires-python"] == core["requires-python"]
    versions = {each for each in core["classifiers"] if "Python :: 3." in each}
    assert versions <= set(table["classifiers"])


@pytest.mark.parametrize("name", PROJECTS)
def test_the_distributions_require_each_other_by_the_same_release(name: str) -> None:
    minor = ".".join(project("lpr")["version"].split(".")[:2])
    names = {project(each)["name"] for each in PROJECTS}
    own = [each for each in requirements(name) if re.match(r"lpr\b", each) and "[" not in each]
    for requirement in own:
        required, _, version = requirement.partition(">=")
        assert required in names
        assert version == minor


def test_all_of_the_extras_is_all_of_them() -> None:
    extras = project("lpr")["optional-dependencies"]
    for_users = set(extras) - {"all", "dev", "docs", "examples"}
    assert extras["all"] == [f"lpr[{','.join(sorted(for_users))}]"]


def test_the_page_on_an_index_leads_nowhere_that_is_not_there() -> None:
    tables = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "pyproject.toml")
    hook = tables["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / hook["fragments"][0]["path"]).read_text(encoding="utf-8")
    for each in hook["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    assert "docs/runtimes.md" in text  # what a link said is still there
    assert not _relative_links(text)
    assert "<!--" not in text


@pytest.mark.parametrize("name", sorted(set(PROJECTS) - {"lpr"}))
def test_the_pages_of_the_others_have_no_relative_links(name: str) -> None:
    page = PROJECTS[name].parent / "README.md"
    assert not _relative_links(page.read_text(encoding="utf-8"))


def _relative_links(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]


def test_the_changelog_has_a_section_of_this_release() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(re.escape(project("lpr")["version"]) + r" - \d{4}-\d\d-\d\d", headings[1])


def test_a_new_version_reaches_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = [Path(shutil.copy(PROJECTS[name], tmp_path / f"{name}.toml")) for name in PROJECTS]
    changelog = Path(shutil.copy(ROOT / "CHANGELOG.md", tmp_path))
    monkeypatch.setattr(release, "projects", lambda: copies)
    monkeypatch.setattr(release, "CHANGELOG", changelog)
    release.main(["7.8.9"])
    for copy in copies:
        text = copy.read_text(encoding="utf-8")
        assert '\nversion = "7.8.9"\n' in text
        assert not re.search(r'"lpr[\w-]*>=(?!7\.8")', text)
    assert "## Unreleased\n\n## 7.8.9 - 2" in changelog.read_text(encoding="utf-8")


def test_what_is_no_version_changes_nothing() -> None:
    with pytest.raises(SystemExit, match=r"newest is no version such as 0\.3\.0"):
        release.main(["newest"])
    assert release.version_of(PROJECTS["lpr"]) == project("lpr")["version"]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_pinned_and_may_do_little(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"] == {"contents": "read"}
    for name, job in content["jobs"].items():
        allowed = {"id-token": "write"} if name == "publish" else None
        assert job.get("permissions") == allowed
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"])
            for command in re.findall(r"^ *(?:bash|make) .*", step.get("run", ""), re.M):
                target = command.split()[1]
                makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
                assert (ROOT / target).is_file() or f"\n{target}:" in makefile
