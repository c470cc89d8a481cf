from __future__ import annotations

from typing import Any

import pytest

from llmops import yaml
from llmops.domain.configuration import Configuration
from llmops.errors import ConfigError
from llmops.flows.dag.bake import baked

FLOW: dict[str, Any] = {
    "inputs": {"text": {"type": "string", "default": "no"}},
    "outputs": {"label": {"reference": "${classify.output}"}},
    "additional_includes": ["../shared.py"],
    "nodes": [
        {"name": "classify", "use_variants": True},
        {"name": "read", "type": "python", "inputs": {"answer": "${classify.output}"}},
    ],
    "node_variants": {
        "classify": {
            "default_variant_id": "plain",
            "variants": {
                name: {
                    "node": {
                        "type": "llm",
                        "source": {"type": "code", "path": f"{name}.jinja2"},
                        "inputs": {"deployment_name": "small", "text": "${inputs.text}"},
                        "connection": "provider",
                    }
                }
                for name in ("plain", "long")
            },
        }
    },
}


def test_the_chosen_variant_is_the_only_one() -> None:
    content = baked(FLOW, Configuration(variants={"classify": "long"}), "flow")
    assert content["nodes"][0]["source"]["path"] == "long.jinja2"
    assert content["nodes"][1] == FLOW["nodes"][1]
    assert content.keys() == {"inputs", "outputs", "nodes"}
    default = baked(FLOW, Configuration(), "flow")
    assert default["nodes"][0]["source"]["path"] == "plain.jinja2"


@pytest.mark.parametrize("value", [0, 0.0, 1e-7, True, None, "no", "1e3", "", "a: b", ["x", 1]])
def test_a_parameter_is_the_same_when_the_file_is_read_again(value: object) -> None:
    parameters = {"classify.temperature": value, "read.flag": value}
    content = baked(FLOW, Configuration(parameters=parameters), "flow")
    again: Any = yaml.parse(yaml.dump(content), "flow")
    for node, entry in ((0, "temperature"), (1, "flag")):
        found = again["nodes"][node]["inputs"][entry]
        assert found == value
        assert type(found) is type(value)
    assert again["inputs"] == FLOW["inputs"]


def test_model_and_connection_replace_the_flows_own() -> None:
    parameters = {"classify.model": "large", "classify.connection": "other"}
    node = baked(FLOW, Configuration(parameters=parameters), "flow")["nodes"][0]
    assert node["connection"] == "other"
    assert (node["inputs"]["model"], node["inputs"]["deployment_name"]) == ("large", "large")
    assert (
        FLOW["node_variants"]["classify"]["variants"]["plain"]["node"]["connection"] == "provider"
    )


def test_a_text_that_would_be_a_reference_is_refused() -> None:
    parameters = {"classify.text": "${inputs.other}"}
    with pytest.raises(ConfigError, match=r"parameters.classify.text: .* read as a reference"):
        baked(FLOW, Configuration(parameters=parameters), "flow")
