"""From files on disk to a deployment, or to every fault that they have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from llmops import yaml
from llmops.deployment import DeploymentFile, load_deployment
from llmops.deployment.schema import schema_text
from llmops.domain.deployment import Probe
from llmops.domain.release import Release
from llmops.errors import ConfigError

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
EXPERIMENT = """\
name: travel
objective: {metric: quality.correct}
guardrails:
- {metric: quality.words, direction: minimize}
evaluators:
- {name: quality, datasets: []}
"""
CLUSTER = """\
target:
  kind: kubernetes
  namespace: travel
  image: registry.example.com/{name}:{number}
  gateway: {name: public}
"""
KEY = "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e"
RELEASE = Release(
    name="travel_answers",
    number=3,
    created="2026-11-21T12:00:00Z",
    flow="flow/flow.dag.yaml",
    configuration={},
    inputs={},
    outputs=("answer",),
    connections=(),
    packages={},
    lineage={},
    files={},
    digest="0" * 64,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an experiment that says nothing yet of how it is served."""
    folder = tmp_path / "experiments" / "travel"
    folder.mkdir(parents=True)
    write(folder, "experiment.yaml", EXPERIMENT)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def load(folder: Path, *overrides: str, env: str = "dev") -> DeploymentFile:
    return load_deployment(folder.parents[1], folder.name, env, overrides=overrides)


def faults(folder: Path, *overrides: str, env: str = "dev") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, *overrides, env=env)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def faults_of(folder: Path, text: str) -> list[str]:
    write(folder, "deployment.yaml", text)
    return faults(folder)


class TestWhatIsRead:
    def test_one_line_is_enough(self, folder: Path) -> None:
        write(folder, "deployment.yaml", "target: {kind: local}\n")
        file = load(folder)
        deployment = file.deployment(RELEASE, folder)
        assert (file.endpoint, file.target.kind, file.monitor) == ("travel", "local", None)
        assert (deployment.name, deployment.endpoint) == ("travel-answers-3", "travel")
        assert deployment.probe == Probe()
        assert not file.stated_split
        assert not file.notes

    def test_every_key_reaches_the_deployment(self, folder: Path) -> None:
        write(
            folder,
            "deployment.yaml",
            f"""\
{CLUSTER}
endpoint: answers
instances: 2
workers: 3
concurrency: 4
queue: 0
timeout_seconds: 7.5
log_sample: 0.25
resources: {{cpu: 0.5, memory: 1Gi, cpu_limit: 1, memory_limit: 2Gi}}
variables: {{LOG_LEVEL: info, DEPTH: 3}}
secrets: {{OPENAI_API_KEY: openai/api-key}}
probe: {{path: /ready, interval_seconds: 9, timeout_seconds: 3, failures: 5, startup_seconds: 60}}
""",
        )
        deployment = load(folder).deployment(RELEASE, folder, "green")
        assert (deployment.endpoint, deployment.name) == ("answers", "green")
        assert (deployment.instances, deployment.workers) == (2, 3)
        assert (deployment.concurrency, deployment.queue) == (4, 0)
        assert (deployment.timeout_seconds, deployment.log_sample) == (7.5, 0.25)
        assert deployment.resources.cpu == "0.5"
        assert deployment.resources.cpu_limit == "1"
        assert deployment.variables == {"LOG_LEVEL": "info", "DEPTH": "3"}
        assert deployment.secrets == {"OPENAI_API_KEY": "openai/api-key"}
        assert deployment.probe.failures == 5

    def test_directions_are_the_experiment_s(self, folder: Path) -> None:
        write(
            folder,
            "deployment.yaml",
            """\
traffic:
  must_hold:
  - {metric: quality.correct, max_drop: 0.02}
  - {metric: quality.words, max_drop: 1}
  - {metric: p95_seconds, max_drop: 1}
""",
        )
        held = load(folder).traffic.must_hold
        assert [each.direction for each in held] == ["maximize", "minimize", "minimize"]

    def test_the_overlay_is_laid_over_and_the_command_line_over_both(self, folder: Path) -> None:
        write(folder, "deployment.yaml", "instances: 1\nqueue: 5\ntraffic: {mirror: 5}\n")
        write(folder, "deployment.prod.yaml", "instances: 4\ntraffic: {steps: [1, 100]}\n")
        file = load(folder, "instances=6", "traffic.bake_minutes=5", env="prod")
        assert (file.settings.instances, file.settings.queue) == (6, 5)
        assert (file.traffic.steps, file.traffic.mirror) == ((1, 100), 5)
        assert file.traffic.bake_minutes == 5
        assert file.label == "experiments/travel/deployment.prod.yaml"
        assert load(folder).settings.instances == 1

    def test_an_overlay_alone_is_an_environment(self, folder: Path) -> None:
        write(folder, "deployment.prod.yaml", "instances: 4\n")
        assert load(folder, env="prod").settings.instances == 4
        (fault,) = faults(folder, env="prd")
        assert "there is no environment 'prd'; allowed: prod; did you mean 'prod'?" in fault

    def test_a_misspelt_environment_is_noted(self, folder: Path) -> None:
        write(folder, "deployment.yaml", "instances: 1\n")
        write(folder, "deployment.prod.yaml", "instances: 4\n")
        (note,) = load(folder, env="prd").notes
        assert note == (
            "no deployment.prd.yaml, so experiments/travel/deployment.yaml alone is read; "
            "did you mean 'prod'?"
        )

    def test_another_kind_of_target_replaces_the_one_below(self, folder: Path) -> None:
        write(folder, "deployment.yaml", CLUSTER)
        write(folder, "deployment.dev.yaml", "target: {kind: local, port: 8081}\n")
        assert load(folder).target.model_dump()["port"] == 8081
        assert load(folder, "target.kind=local", env="prod").target.kind == "local"
        assert load(folder, "target.namespace=other", env="prod").target.kind == "kubernetes"

    def test_the_same_kind_is_merged(self, folder: Path) -> None:
        write(folder, "deployment.yaml", CLUSTER)
        write(folder, "deployment.dev.yaml", "target: {namespace: dev}\n")
        target = load(folder).target.model_dump()
        assert (target["namespace"], target["gateway"]["name"]) == ("dev", "public")

    def test_variables_are_filled_in(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REGION", "north")
        write(folder.parents[1], ".env", "REGION=south\nCOUNT=3\n")
        write(
            folder, "deployment.yaml", 'instances: ${COUNT}\nvariables: {REGION: "${env:REGION}"}\n'
        )
        settings = load(folder).settings
        assert (settings.instances, settings.variables) == (3, {"REGION": "north"})

    def test_a_notifier_s_address_is_not_shown(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOOK", "https://example.com/a-token")
        write(
            folder,
            "deployment.yaml",
            'monitor: {notify: [{kind: webhook, url: "${HOOK}"}]}\n',
        )
        file = load(folder)
        assert file.monitor is not None
        assert file.monitor.notify[0].secrets == ("https://example.com/a-token",)
        assert "a-token" not in repr(file)

    def test_the_experiment_is_known_by_its_name_too(self, folder: Path) -> None:
        write(folder, "experiment.yaml", EXPERIMENT.replace("travel", "Travel answers"))
        write(folder, "deployment.yaml", "instances: 1\n")
        file = load_deployment(folder.parents[1], "Travel answers", "dev")
        assert file.endpoint == "travel-answers"


class TestFaults:
    def test_all_come_together_with_file_and_path(self, folder: Path) -> None:
        found = faults_of(
            folder,
            f"""\
endpoint: Travel_Answers
instance: 2
workers: 0
target: {{kind: kubernets}}
resources: {{cpu: 1Gi, memory: 512m}}
variables: {{1A: x, REGION: "${{NOWHERE_DEFINED}}"}}
secrets: {{OPENAI_API_KEY: {KEY}}}
probe: {{path: ready}}
traffic:
  steps: [10, 110]
  sticky: X-User
  must_hold: [{{metric: error_rate}}, {{metrc: error_rate, at_most: 1}}]
""",
        )
        assert not any(KEY in fault for fault in found)
        label = "experiments/travel/deployment.yaml: "
        assert {fault.removeprefix(label).partition(":")[0] for fault in found} == {
            "endpoint",
            "instance",
            "workers",
            "target",
            "resources.cpu",
            "resources.memory",
            "variables.1A",
            "variables.REGION",
            "secrets.OPENAI_API_KEY",
            "probe.path",
            "traffic.steps[1]",
            "traffic.sticky",
            "traffic.must_hold[0]",
            "traffic.must_hold[1].metrc",
            "traffic.must_hold[1].metric",
        }
        assert all(fault.startswith(label) for fault in found)

    @pytest.mark.parametrize(
        "text",
        [
            "timeout_seconds: .inf",
            "probe: {startup_seconds: .inf}",
            "traffic: {bake_minutes: .inf}",
            "traffic: {must_hold: [{metric: error_rate, at_most: .nan}]}",
        ],
    )
    def test_numbers_have_an_end(self, folder: Path, text: str) -> None:
        (fault,) = faults_of(folder, text)
        assert "allowed: a finite number" in fault

    def test_a_misspelt_key_is_told_its_neighbours(self, folder: Path) -> None:
        (fault,) = faults_of(folder, "traffic: {step: [10]}\n")
        assert "traffic.step: unknown key; allowed: steps, bake_minutes" in fault
        assert fault.endswith("did you mean 'steps'?")

    def test_the_overlay_s_faults_are_the_overlay_s(self, folder: Path) -> None:
        write(folder, "deployment.yaml", "workers: 1\n")
        write(folder, "deployment.dev.yaml", "workers: none\n")
        (fault,) = faults(folder)
        assert fault.startswith("experiments/travel/deployment.dev.yaml: workers: 'none'; allowed")
        (fault,) = faults(folder, "workers=0")
        assert fault.startswith("--set: workers: 0; allowed: at least 1")

    def test_nothing_measures_a_misspelt_metric(self, folder: Path) -> None:
        found = faults_of(
            folder,
            "traffic:\n"
            "  must_hold: [{metric: eror_rate, at_most: 1}]\n"
            "  rollback_when: [{metric: qualty.correct, drop: 0}, {metric: quality.x, drop: 0}]\n",
        )
        label = "experiments/travel/deployment.yaml: traffic."
        assert [fault.removeprefix(label).partition(";")[0] for fault in found] == [
            "must_hold[0].metric: nothing measures 'eror_rate'",
            "rollback_when[0].metric: nothing measures 'qualty.correct'",
        ]
        assert found[0].endswith("did you mean 'error_rate'?")
        assert found[1].endswith("did you mean 'quality'?")

    def test_a_key_among_the_variables_is_refused_however_it_came(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HIDDEN", KEY)
        found = faults_of(folder, f'variables: {{A: {KEY}, B: "${{HIDDEN}}"}}\n')
        assert len(found) == 2
        assert all("what looks like a key" in fault and KEY not in fault for fault in found)

    def test_a_secret_is_stated_by_name_not_filled_in(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        (fault,) = faults_of(folder, 'secrets: {OPENAI_API_KEY: "${OPENAI_API_KEY}"}\n')
        assert "as OPENAI_API_KEY without ${}" in fault
        assert KEY not in fault

    def test_a_variable_is_no_secret_at_the_same_time(self, folder: Path) -> None:
        (fault,) = faults_of(folder, "variables: {A: x}\nsecrets: {A: B}\n")
        assert "secrets.A: it is under variables, too" in fault

    @pytest.mark.parametrize("name", ["Green", "a_b", "-a", "a" * 64])
    def test_a_deployment_is_called_what_every_target_can_call_it(
        self, folder: Path, name: str
    ) -> None:
        write(folder, "deployment.yaml", "instances: 1\n")
        with pytest.raises(ConfigError, match=r"the deployment's name: .*allowed: lower-case"):
            load(folder).deployment(RELEASE, folder, name)

    def test_what_the_target_cannot_do_comes_with_it(self, folder: Path) -> None:
        write(folder, "deployment.yaml", "resources: {cpu: 1}\nsecrets: {A: secret/key}\n")
        file = load(folder)
        with pytest.raises(ConfigError) as caught:
            file.deployment(RELEASE, folder, "Green")
        where = [fault.where for fault in caught.value.faults]
        assert where[0] == "the deployment's name"
        assert set(where[1:]) == {"experiments/travel/deployment.yaml"}

    def test_no_file_says_what_to_write(self, folder: Path) -> None:
        (fault,) = faults(folder)
        assert fault.startswith("experiments/travel/deployment.yaml: no such file")
        line = fault.rpartition("is enough: ")[2]
        write(folder, "deployment.yaml", line)
        assert load(folder).target.kind == "local"

    def test_no_such_experiment(self, folder: Path) -> None:
        with pytest.raises(ConfigError, match=r"allowed: travel; did you mean 'travel'\?"):
            load_deployment(folder.parents[1], "travl", "dev")

    def test_an_environment_that_is_no_folder(self, folder: Path) -> None:
        (fault,) = faults(folder, env="../prod")
        assert fault.startswith("the environment: '../prod'; allowed: letters")

    def test_a_name_that_makes_no_endpoint(self, folder: Path) -> None:
        folder = folder.rename(folder.with_name("2026"))
        (fault,) = faults_of(folder, "instances: 1\n")
        assert "endpoint: none is stated, and the experiment's name makes '2026'" in fault
        assert load(folder, "endpoint=travel").endpoint == "travel"


def entry(**changed: object) -> dict[str, object]:
    return {
        "ENV_NAME": "dev",
        "TEST_FILE_PATH": "sample-request.json",
        "ENDPOINT_NAME": "travel-online",
        "PRIOR_DEPLOYMENT_NAME": "blue",
        "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION": "80",
        "CURRENT_DEPLOYMENT_NAME": "green",
        "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION": "20",
        "DEPLOYMENT_INSTANCE_COUNT": 2,
        "ENVIRONMENT_VARIABLES": {"REGION": "north"},
        **changed,
    }


def write_template(
    folder: Path, name: str = "configs/deployment_config.json", **kind: object
) -> None:
    write(folder, name, json.dumps(kind))


class TestTheTemplatesFile:
    def test_is_read_where_another_target_is_stated(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry(ENV_NAME="prod"), entry()])
        file = load(folder, "target.kind=local")
        deployment = file.deployment(RELEASE, folder)
        assert (file.endpoint, deployment.name) == ("travel-online", "green")
        assert file.stated_split == {"blue": 80, "green": 20}
        assert (deployment.instances, deployment.variables) == (2, {"REGION": "north"})
        assert file.label == "experiments/travel/configs/deployment_config.json"
        assert file.notes == (
            f"{file.label}: azure_managed_endpoint[1] is read",
            f"{file.label}: azure_managed_endpoint[1]: not used: TEST_FILE_PATH",
        )

    def test_azure_itself_is_not_served_yet(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry()])
        (fault,) = faults(folder)
        assert fault.startswith(
            "experiments/travel/configs/deployment_config.json: azure_managed_endpoint[0]: it is "
            "for a managed online endpoint of Azure Machine Learning, which is not served from here"
        )
        assert "allowed: another target, of the kinds container, kubernetes, local;" in fault
        assert "--set target.kind=local" in fault

    def test_the_older_form_has_one_entry_beside_the_flow(self, folder: Path) -> None:
        write_template(folder, "deployment_config.json", kubernetes_endpoint=entry())
        assert load(folder, "target.kind=local").endpoint == "travel-online"

    def test_of_several_sections_the_one_for_the_target_is_read(self, folder: Path) -> None:
        write_template(
            folder,
            azure_managed_endpoint=[entry(ENDPOINT_NAME="")],
            kubernetes_endpoint=[entry(ENDPOINT_NAME="", CPU_ALLOCATION="0.5")],
            webapp_endpoint=[{"ENV_NAME": "dev", "WEB_APP_NAME": "travel-web"}],
        )
        cluster = yaml.parse(CLUSTER, "")
        assert isinstance(cluster, dict)
        on_cluster = load(folder, f"target={json.dumps(cluster['target'])}")
        assert on_cluster.settings.resources.cpu == "0.5"
        assert load(folder, "target.kind=local").endpoint == "travel-web"

    def test_deployment_yaml_wins_and_says_so(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry()])
        write(folder, "deployment.yaml", "endpoint: ours\n")
        file = load(folder)
        assert (file.endpoint, dict(file.stated_split)) == ("ours", {})
        (note,) = file.notes
        assert note.endswith(
            "deployment_config.json is not read: there is experiments/travel/deployment.yaml"
        )

    def test_is_read_where_only_another_environment_has_an_overlay(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry()])
        write(folder, "deployment.prod.yaml", "endpoint: ours\n")
        assert load(folder, "target.kind=local").endpoint == "travel-online"
        assert load(folder, env="prod").endpoint == "ours"

    def test_its_faults_come_with_its_own_keys_and_those_of_the_command_line(
        self, folder: Path
    ) -> None:
        write_template(folder, azure_managed_endpoint=[entry(DEPLOYMENT_INSTANCE_COUNT="two")])
        found = faults(folder, "workers=0")
        label = "experiments/travel/configs/deployment_config.json: azure_managed_endpoint[0]"
        assert len(found) == 3
        assert any(
            fault == f"{label}.DEPLOYMENT_INSTANCE_COUNT: 'two'; allowed: a whole number"
            for fault in found
        )
        assert any(fault.startswith("--set: workers: 0") for fault in found)
        assert any(fault.startswith(f"{label}: it is for a managed") for fault in found)

    def test_an_environment_twice(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry(), entry()])
        (fault,) = faults(folder, "target.kind=local")
        assert "azure_managed_endpoint: 2 entries of the environment 'dev'; allowed: one" in fault

    def test_an_environment_that_it_does_not_have(self, folder: Path) -> None:
        write_template(folder, azure_managed_endpoint=[entry(), entry(ENV_NAME="prod")])
        (fault,) = faults(folder, "target.kind=local", env="prd")
        assert "no entry of the environment 'prd'; allowed: dev, prod" in fault
        assert fault.endswith("did you mean 'prod'?")

    @pytest.mark.parametrize("text", ["{", "[]", '"text"', "{}", '{"azure_managed_endpoint": 3}'])
    def test_what_is_no_such_file_is_one_fault(self, folder: Path, text: str) -> None:
        write(folder, "configs/deployment_config.json", text)
        assert len(faults(folder, "target.kind=local")) == 1


class TestSchema:
    def test_the_file_is_what_the_fields_say(self) -> None:
        written = (EXPERIMENTS / "deployment.schema.json").read_text(encoding="utf-8")
        assert written == schema_text(), (
            "run: llmops schema deployment -o experiments/deployment.schema.json"
        )

    def test_accepts_every_sample(self) -> None:
        schema = json.loads(schema_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        files = sorted(EXPERIMENTS.glob("*/deployment*.yaml"))
        assert len(files) >= 2
        for file in files:
            jsonschema.validate(yaml.read(file, file.name), schema)

    @pytest.mark.parametrize("environment", ["dev", "kubernetes"])
    def test_the_samples_load(self, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IMAGE_REGISTRY", "registry.example.com")
        file = load_deployment(ROOT, "reviews", environment)
        assert file.deployment(RELEASE, ROOT).endpoint == "reviews"

    @pytest.mark.parametrize(
        "text",
        [
            "endpoint: Upper",
            "endpoint: ends-",
            "unknown: 1",
            "target: {kind: local, prot: 1}",
            "target: {kind: cloud}",
            "workers: 0",
            "queue: -1",
            "log_sample: 1.5",
            "resources: {cpu: 1Gi}",
            "resources: {memory: 512m}",
            "variables: {1A: x}",
            "variables: {A: true}",
            'secrets: {A: "${B}"}',
            "probe: {path: ready}",
            "traffic: {steps: []}",
            "traffic: {steps: [0]}",
            "traffic: {steps: [101]}",
            "traffic: {sticky: X-User}",
            "traffic: {mirror: 101}",
            "traffic: {must_hold: [{metric: error_rate}]}",
            "traffic: {must_hold: [{metric: error_rate, at_most: 1, at_least: 0}]}",
            "traffic: {rollback_when: [{metric: error_rate, drop: -1}]}",
        ],
    )
    def test_editor_and_loader_refuse_the_same(self, folder: Path, text: str) -> None:
        assert faults_of(folder, text)
        schema = json.loads(schema_text())
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(yaml.parse(text, ""), schema)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "resources: {cpu: 1, memory: 1073741824, cpu_limit: 1.5}",
            "variables: {DEPTH: 3, example-name: x}",
            "secrets: {A: B, C: secret/key}",
            "timeout_seconds: 0.5",
            "traffic: {must_hold: [{metric: p95_seconds, at_most: 2}], sticky: ''}",
            "monitor: {}",
        ],
    )
    def test_editor_and_loader_accept_the_same(self, folder: Path, text: str) -> None:
        write(folder, "deployment.yaml", text)
        load(folder)
        jsonschema.validate(yaml.parse(text, "") or {}, json.loads(schema_text()))

    def test_the_command_prints_it(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "llmops", "schema", "deployment"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == schema_text()


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from llmops.deployment import load_deployment\n"
        f"load_deployment(Path({str(ROOT)!r}), 'reviews', 'dev')\n"
        "heavy = {'promptflow', 'pandas', 'scipy', 'azure', 'openai', 'jinja2', 'aiohttp',"
        " 'cryptography', 'kubernetes', 'mlflow'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_the_target_cannot_do_with_traffic_is_said_before_anything_starts(
    folder: Path,
) -> None:
    (sticky,) = faults_of(folder, f"{CLUSTER}traffic: {{sticky: 'header:X-User'}}\n")
    assert sticky.startswith("experiments/travel/deployment.yaml: traffic: sticky: header:X-User")
    (mirror,) = faults_of(folder, "target: {kind: local, router: haproxy}\ntraffic: {mirror: 10}\n")
    assert "HAProxy sends no copies" in mirror
