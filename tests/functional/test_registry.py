"""A release is what was measured: it answers alike, does not change, and stays while in use."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from approving import approve
from sample_project import KEY, Project, answers, make_project

from llmops import ledger
from llmops.errors import ApprovalError, ConfigError, TargetError
from llmops.pipeline.audit import audit
from llmops.pipeline.register import register
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from pathlib import Path

    from llm_stub import LLMStub

    from llmops.domain.release import Release
    from llmops.registries.catalogue import Part


@pytest.fixture
def ran(tmp_path: Path, stub: LLMStub) -> Project:
    """Run the project, and approve a configuration that is not the default one."""
    project = make_project(tmp_path, stub)
    done = project.llmops("run", "experiments/messages", GITHUB_ACTOR="grace")
    assert done.returncode == 0, done.stderr
    _approve(project)
    return project


def _approve(project: Project) -> None:
    approve(project, "long", "reasoned")


def _register(project: Project, name: str = "") -> Release:
    return register(project.folder, project.runs[-1], "prod", name)


def _catalogue(project: Project) -> Catalogue:
    return Catalogue(project=project.folder, actor="grace")


def test_the_released_flow_answers_as_the_configuration_did(ran: Project) -> None:
    release = _register(ran)
    label = str(release.configuration["label"])
    measured = {line: answer for (of, line), answer in answers(ran.runs[-1]).items() if of == label}
    home = FolderRegistry(root=releases_folder(ran.folder)).folder(release.name, release.number)
    flows = ran.folder / "flows" / "classify_messages"
    for path in flows.iterdir():
        path.unlink()
    for path in (home / "flow").rglob("*"):
        target = flows / path.relative_to(home / "flow")
        target.write_bytes(path.read_bytes())
    again = ran.llmops("run", "experiments/messages", GITHUB_ACTOR="grace")
    assert again.returncode == 0, again.stderr
    baked = answers(ran.runs[-1])
    assert len({of for of, _ in baked}) == 1
    assert {line: answer for (_, line), answer in baked.items()} == measured
    assert "node_variants" not in (home / release.flow).read_text()


def test_what_the_flow_imports_is_pinned(tmp_path: Path, stub: LLMStub) -> None:
    project = make_project(tmp_path, stub)
    (project.folder / "flows/classify_messages/words.py").write_text("import xmlschema.names\n")
    done = project.llmops("run", "experiments/messages", "--limit", "2", GITHUB_ACTOR="grace")
    assert done.returncode == 0, done.stderr
    _approve(project)
    _register(project)
    pinned = (releases_folder(project.folder) / "messages/1/requirements.txt").read_text()
    assert f"xmlschema=={version('xmlschema')}" in pinned.split()


def test_a_release_says_where_it_comes_from_and_holds_no_secret(ran: Project) -> None:
    release = _register(ran)
    home = releases_folder(ran.folder) / "messages" / "1"
    assert release.label == "messages/1"
    assert release.lineage["run"] == f"messages/{ran.runs[-1].name}"
    sample = json.loads((home / "sample-request.json").read_text())
    assert sample == {"text": "message 0"}
    assert "llmops==" in (home / "requirements.txt").read_text()
    card = (home / "MODEL_CARD.md").read_text()
    assert "by Ada, for prod" in card
    assert {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()} == {
        *release.files,
        "release.json",
    }
    for path in home.rglob("*"):
        assert path.stat().st_mode & 0o222 == 0
        assert path.is_dir() or KEY not in path.read_text()
    assert audit(ran.folder).breaks == ()


def test_a_changed_release_is_not_loaded(ran: Project) -> None:
    release = _register(ran)
    home = releases_folder(ran.folder) / "messages" / "1"
    card = home / "MODEL_CARD.md"
    card.chmod(0o644)
    card.write_text("better")
    said = "release messages/1: MODEL_CARD.md has changed"
    with pytest.raises(ApprovalError, match=said):
        _catalogue(ran).load(release.label)
    assert [each.seen for each in audit(ran.folder).breaks] == [said]


def test_a_release_that_was_never_registered_is_not_loaded(ran: Project) -> None:
    _register(ran)
    registry = FolderRegistry(root=releases_folder(ran.folder))
    content = json.loads((registry.folder("messages", 1) / "release.json").read_text())
    kept = {key: value for key, value in content.items() if key not in ("files", "digest")}
    registry.add("messages", lambda _, number: {**kept, "number": number})
    with pytest.raises(ApprovalError, match="messages/2: it is not what the ledger registered"):
        _catalogue(ran).load("messages/2")


def _writable(home: Path) -> None:
    for path in (home.parent, home, *home.rglob("*")):
        path.chmod(0o755)


def test_one_changed_byte_of_a_release_is_named(ran: Project) -> None:
    release = _register(ran)
    home = releases_folder(ran.folder) / "messages" / "1"
    _writable(home)
    chance = random.Random(20260103)  # noqa: S311  a seed makes it repeatable
    for name in (*release.files, "release.json"):
        path = home / name
        content = path.read_bytes()
        for _ in range(20):
            at, bits = chance.randrange(len(content)), chance.randrange(1, 256)
            path.write_bytes(content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :])
            with pytest.raises(ApprovalError, match=f"release messages/1: {name} "):
                _catalogue(ran).load("messages/1")
            assert name in str(audit(ran.folder).breaks)
        path.write_bytes(content)
    spaced = home / "release.json"
    spaced.write_bytes(spaced.read_bytes().replace(b'": ', b'":  ', 1))
    with pytest.raises(ApprovalError, match=r"messages/1: release.json has changed"):
        _catalogue(ran).load("messages/1")


def test_a_file_of_a_release_is_no_link_and_has_no_neighbour(ran: Project) -> None:
    _register(ran)
    home = releases_folder(ran.folder) / "messages" / "1"
    _writable(home)
    (home / "flow" / "more.py").write_text("")
    card = home / "MODEL_CARD.md"
    card.rename(ran.folder / "card.md")
    card.symlink_to(ran.folder / "card.md")
    with pytest.raises(ApprovalError) as refused:
        _catalogue(ran).load("messages/1")
    where = "release messages/1"
    assert str(refused.value).splitlines() == [
        f"{where}: MODEL_CARD.md has changed",
        f"{where}: flow/more.py is new",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 9999, '{"files": 5}'])
def test_a_release_that_says_nothing_is_refused(ran: Project, text: str) -> None:
    _register(ran)
    home = releases_folder(ran.folder) / "messages" / "1"
    _writable(home)
    (home / "release.json").write_text(text)
    with pytest.raises(ApprovalError, match=r"messages/1: release.json cannot be read"):
        _catalogue(ran).load("messages/1")
    assert audit(ran.folder).breaks


def test_a_release_in_the_place_of_another_is_refused(ran: Project) -> None:
    _register(ran)
    _register(ran)
    home = releases_folder(ran.folder) / "messages"
    _writable(home)
    (home / "2").rename(ran.folder / "second")
    (home / "1").rename(home / "2")
    (ran.folder / "second").rename(home / "1")
    for label, other in (("messages/1", "messages/2"), ("messages/2", "messages/1")):
        with pytest.raises(ApprovalError, match=f"{label}: it is {other}, moved here"):
            _catalogue(ran).load(label)
    assert len(audit(ran.folder).breaks) == 2


def test_a_deleted_release_does_not_come_back(ran: Project) -> None:
    _register(ran)
    home = releases_folder(ran.folder) / "messages"
    shutil.copytree(home / "1", ran.folder / "kept")
    _catalogue(ran).delete("messages/1")
    shutil.copytree(ran.folder / "kept", home / "1")
    with pytest.raises(ApprovalError, match="it is not what the ledger registered"):
        _catalogue(ran).load("messages/1")


def test_nothing_is_loaded_by_a_broken_ledger(ran: Project) -> None:
    _register(ran)
    path = ledger.path_of(ran.folder)
    path.write_bytes(path.read_bytes().replace(b'"grace"', b'"gracy"', 1))
    with pytest.raises(ApprovalError, match="edited: the record does not have its own hash"):
        _catalogue(ran).load("messages/1")


def test_what_ran_must_be_what_is_released(ran: Project) -> None:
    prompt = ran.folder / "flows" / "classify_messages" / "classify_reasoned.jinja2"
    prompt.write_text(prompt.read_text() + "Be nice.")
    with pytest.raises(ConfigError, match="it is not the flow that ran"):
        _register(ran)


def test_a_release_stays_in_its_folder(ran: Project) -> None:
    for name in ("../outside", "a/b", ".hidden", " ", "a\\b", "/tmp/a", "a\n"):  # noqa: S108
        with pytest.raises(ConfigError, match="name: "):
            _register(ran, name)
    _register(ran)
    outside = ran.folder / "reports" / "messages" / "1"
    outside.mkdir()
    for name in (
        "../messages",
        "messages/../../messages",
        "..",
        str(outside.parent),
        "",
        "x" * 999,
    ):
        for act in (_catalogue(ran).load, _catalogue(ran).delete):
            with pytest.raises(ConfigError, match="no such release"):
                act(f"{name}/1")
    assert outside.is_dir()


def test_numbers_are_given_once(ran: Project) -> None:
    assert [_register(ran).number for _ in range(2)] == [1, 2]
    catalogue = _catalogue(ran)
    catalogue.delete("messages/2")
    assert _register(ran).number == 3
    assert [entry.label for entry in catalogue.entries()] == ["messages/1", "messages/3"]
    with pytest.raises(ConfigError, match="no such release"):
        catalogue.load("messages/2")
    assert audit(ran.folder).breaks == ()
    with ThreadPoolExecutor() as pool:
        both = [each.number for each in pool.map(_register, (ran, ran))]
    assert sorted(both) == [4, 5]


def test_a_stage_has_one_release_and_a_tag_can_be_loaded(ran: Project) -> None:
    _register(ran)
    _register(ran)
    catalogue = _catalogue(ran)
    catalogue.mark("messages/1", "stage", "production")
    catalogue.mark("messages/1", "tag", "calm")
    catalogue.mark("messages/2", "stage", "production")
    first, second = catalogue.entries()
    assert (first.stages, first.tags) == ((), ("calm",))
    assert second.stages == ("production",)
    assert catalogue.load("messages/calm").number == 1
    assert catalogue.load("messages/production").number == 2
    refused: tuple[tuple[Part, str, str], ...] = (
        ("tag", "7", "a word that starts with a letter"),
        ("tag", "production", "'production' is a stage of messages/2 already"),
        ("stage", "calm", "'calm' is a tag of messages/1 already"),
    )
    for part, word, said in refused:
        with pytest.raises(ConfigError, match=said):
            catalogue.mark("messages/1", part, word)


def test_a_release_in_use_is_not_deleted(ran: Project) -> None:
    release = _register(ran)
    _traffic(ran, {"blue": release.label})
    with pytest.raises(TargetError, match="in use by reviews"):
        _catalogue(ran).delete(release.label)
    assert _catalogue(ran).load(release.label) == release
    _traffic(ran, {"blue": "messages/9"})
    _catalogue(ran).delete(release.label)
    assert ledger.verify(ran.folder).records[-1].kind == "deletion"


def _traffic(project: Project, releases: dict[str, str]) -> None:
    body = {"endpoint": "reviews", "releases": releases, "traffic": {}}
    ledger.append(project.folder, "traffic", body, "grace")


def test_the_author_whom_the_ci_names_does_not_approve(tmp_path: Path, stub: LLMStub) -> None:
    project = make_project(tmp_path, stub)
    done = project.llmops("run", "experiments/messages", "--limit", "4", GITHUB_ACTOR="ada")
    assert done.returncode == 0, done.stderr
    with pytest.raises(ApprovalError, match="self-made: 'Ada' is the author of the run"):
        _approve(project)


def test_a_key_that_was_written_out_is_not_in_the_release(tmp_path: Path, stub: LLMStub) -> None:
    project = make_project(tmp_path, stub)
    experiment = project.folder / "experiments" / "messages" / "experiment.yaml"
    experiment.write_text(experiment.read_text().replace("${STUB_KEY}", KEY))
    done = project.llmops("run", "experiments/messages", "--limit", "4", GITHUB_ACTOR="grace")
    assert done.returncode == 0, done.stderr
    _approve(project)
    _register(project)
    home = releases_folder(project.folder) / "messages" / "1"
    assert json.loads((home / "connections.json").read_text())[0]["api_key"] == "***"
    for path in home.rglob("*"):
        assert path.is_dir() or KEY not in path.read_text()


def test_commands_that_register_at_once_get_numbers_of_their_own(ran: Project) -> None:
    command = ran.command("register", "latest", "--env", "prod")
    variables = ran.environment()
    both = [
        subprocess.Popen(command, cwd=ran.folder, env=variables, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [each.wait() for each in both] == [0, 0]
    assert [entry.label for entry in _catalogue(ran).entries()] == ["messages/1", "messages/2"]
    assert audit(ran.folder).breaks == ()


def test_an_experiment_does_not_take_the_place_of_the_releases(project: Project) -> None:
    experiment = project.folder / "experiments" / "messages" / "experiment.yaml"
    experiment.write_text(experiment.read_text().replace("name: messages", "name: Releases", 1))
    done = project.llmops("plan", "experiments/messages")
    assert done.returncode == 2
    assert "'Releases' is the name of what is kept in reports/" in done.stderr


def test_by_command(ran: Project) -> None:
    def done(*arguments: str) -> subprocess.CompletedProcess[str]:
        return ran.llmops(*arguments, GITHUB_ACTOR="grace")

    registered = done("register", "latest", "--env", "prod")
    assert registered.returncode == 0, registered.stderr
    assert "release messages/1" in registered.stdout
    assert done("releases", "stage", "messages/1", "production").returncode == 0
    assert "messages/1  messages/" in (listed := done("releases").stdout)
    assert "(production)" in listed
    shown = json.loads(done("releases", "show", "messages/production").stdout)
    assert shown["number"] == 1
    assert done("releases", "delete", "messages/1").returncode == 0
    assert "there is no release yet" in done("releases").stdout
    assert done("releases", "show", "messages/1").returncode == 2
    clean = done("audit")
    assert clean.returncode == 0, clean.stderr
    refused = done("register", "latest", "--env", "moon")
    assert refused.returncode == 5
    assert "no approval for moon" in refused.stderr
