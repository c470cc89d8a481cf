from __future__ import annotations

import pytest

from llmops.experiment.layers import Raw, merge_layers
from llmops.experiment.model import ExperimentFile
from llmops.experiment.validate import validate

MINIMAL: Raw = {"name": "reviews", "datasets": [{"name": "train", "source": "train.jsonl"}]}

TEMPLATE: Raw = {
    "name": "web_classification",
    "flow": "flows/experiment",
    "connections": [
        {
            "name": "aoai",
            "connection_type": "AzureOpenAIConnection",
            "api_endpoint": "https://example.openai.azure.com/",
            "api_version": "2023-07-01-preview",
            "api_key": "a-key-of-the-template",
            "api_type": "azure",
        }
    ],
    "datasets": [
        {
            "name": "train",
            "source": "data/data.jsonl",
            "description": "This dataset is for prompt experiments.",
            "mappings": {"url": "${data.url}"},
        }
    ],
    "evaluators": [
        {
            "name": "match",
            "flow": "flows/evaluation",
            "datasets": [
                {
                    "name": "train_eval",
                    "reference": "train",
                    "source": "data/eval_data.jsonl",
                    "description": "This dataset is for evaluating flows.",
                    "mappings": {"prediction": "${run.outputs.category}"},
                }
            ],
        }
    ],
    "runtime": "automatic",
}


def misfits(raw: Raw) -> list[str]:
    _, found = validate(raw, merge_layers([("e.yaml", raw)]), ExperimentFile)
    return [str(misfit.fault) for misfit in found]


def accepted(raw: Raw) -> ExperimentFile:
    settings, found = validate(raw, merge_layers([("e.yaml", raw)]), ExperimentFile)
    assert found == []
    assert settings is not None
    return settings


class TestAccepted:
    def test_the_template(self) -> None:
        settings = accepted(TEMPLATE)
        assert settings.connections[0].name == "aoai"
        assert settings.evaluators[0].datasets[0].reference == "train"

    def test_a_key_without_a_value_is_as_if_absent(self) -> None:
        settings = accepted({**MINIMAL, "evaluators": None, "combinations": None})
        assert settings.evaluators == ()
        assert settings.combinations.strategy == "grid"

    def test_values_of_parameters_may_be_null(self) -> None:
        parameters = {"classify.stop": None, "classify.seed": [None, 1]}
        assert accepted({**MINIMAL, "parameters": parameters}).parameters == parameters

    @pytest.mark.parametrize(
        ("short", "strategy"),
        [("one_at_a_time", "one_at_a_time"), ([{"a": "x"}, {"a": 1}], ({"a": "x"}, {"a": "1"}))],
    )
    def test_combinations_have_a_short_form(self, short: object, strategy: object) -> None:
        assert accepted({**MINIMAL, "combinations": short}).combinations.strategy == strategy
        long: Raw = {**MINIMAL, "combinations": {"strategy": short}}
        assert accepted(long).combinations.strategy == strategy


class TestRefused:
    @pytest.mark.parametrize(
        ("raw", "fault"),
        [
            ({"executor": {"attempts": "many"}}, "executor.attempts: 'many'; allowed: a whole nu"),
            ({"executor": {"share": "maybe"}}, "executor.share: 'maybe'; allowed: true or false"),
            ({"executor": []}, "executor: an empty list; allowed: a mapping (key: value)"),
            ({"executor": {"kind": "ray"}}, "executor.kind: 'ray'; allowed: 'local'"),
            ({"repeats": 0}, "repeats: 0; allowed: at least 1"),
            ({"budget": {"money": -1}}, "budget.money: -1; allowed: at least 0"),
            ({"datasets": {}}, "datasets: a mapping; allowed: a list"),
            ({"datasets": []}, "datasets: an empty list; allowed: at least one"),
            ({"name": "../x"}, "name: '../x'; allowed: a letter or digit, then"),
            ({"combinations": "gird"}, "combinations: 'gird'; allowed: 'grid' or 'one_at_a_time'"),
            ({"connections": [{"name": "x"}]}, "connections.x: connection_type is missing"),
            ({"datasets": [{"name": "x"}]}, "datasets.x.source: missing"),
            ({"datasets": [{"source": "x"}]}, "datasets[0].name: missing"),
            ({"prices": {"m": {"input_per_million": 1}}}, "prices.m.output_per_million: missing"),
        ],
    )
    def test_in_plain_words(self, raw: Raw, fault: str) -> None:
        (found,) = misfits({**MINIMAL, **raw})
        assert found.startswith(f"e.yaml: {fault}")

    @pytest.mark.parametrize(
        ("raw", "where", "hint"),
        [
            ({"flwo": "x"}, "flwo", "flow"),
            ({"executor": {"max_concurency": 1}}, "executor.max_concurency", "max_concurrency"),
            (
                {"datasets": [{"name": "a", "source": "b", "mapping": {"a": "b"}}]},
                "datasets.a.mapping",
                "mappings",
            ),
            ({"combinations": {"exlude": []}}, "combinations.exlude", "exclude"),
            (
                {"prices": {"m": {"inputs_per_million": 1}}},
                "prices.m.inputs_per_million",
                "input_per_million",
            ),
            (
                {"evaluators": [{"name": "e", "datasets": [{"name": "d", "refrence": "x"}]}]},
                "evaluators.e.datasets.d.refrence",
                "reference",
            ),
        ],
    )
    def test_unknown_keys_come_with_the_nearest(self, raw: Raw, where: str, hint: str) -> None:
        found = [each for each in misfits({**MINIMAL, **raw}) if "unknown key" in each]
        assert len(found) == 1
        assert found[0].startswith(f"e.yaml: {where}: unknown key; allowed: ")
        assert found[0].endswith(f"did you mean {hint!r}?")

    def test_a_value_of_a_connection_is_never_shown(self) -> None:
        secret = ["sk-secret-secret-secret"]
        connection = {"name": "a", "connection_type": "OpenAIConnection", "api_key": secret}
        found = misfits({**MINIMAL, "connections": [connection]})
        assert found
        assert "secret-secret" not in str(found)

    def test_a_misspelt_connection_type(self) -> None:
        connections = [{"name": "a", "connection_type": "OpenAiConnection", "api_key": "k"}]
        (found,) = misfits({**MINIMAL, "connections": connections})
        assert found.startswith("e.yaml: connections.a: 'OpenAiConnection'; allowed: ")
        assert found.endswith("did you mean 'OpenAIConnection'?")


def test_what_fits_is_there_for_further_checks() -> None:
    raw: Raw = {
        **MINIMAL,
        "datasets": [{"name": "a", "source": "a.jsonl"}, {"name": "b"}, 3],
        "repeats": "often",
        "flwo": "x",
    }
    settings, found = validate(raw, merge_layers([("e.yaml", raw)]), ExperimentFile)
    assert len(found) == 4
    assert settings is not None
    assert [each.name for each in settings.datasets] == ["a"]
    assert settings.repeats == 1


def test_without_a_name_too_little_is_left() -> None:
    raw: Raw = {"datasets": MINIMAL["datasets"], "repeats": 0}
    settings, found = validate(raw, merge_layers([("e.yaml", raw)]), ExperimentFile)
    assert settings is None
    assert len(found) == 2
