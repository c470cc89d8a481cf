from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmops.deployment.template_entry import read_entry, unread_keys

if TYPE_CHECKING:
    from llmops.experiment.layers import Raw

FIRST: Raw = {
    "ENV_NAME": "dev",
    "TEST_FILE_PATH": "sample-request.json",
    "ENDPOINT_NAME": "travel-answers",
    "ENDPOINT_DESC": "answers travellers",
    "PRIOR_DEPLOYMENT_NAME": "",
    "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION": "",
    "CURRENT_DEPLOYMENT_NAME": "blue",
    "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION": "100",
    "DEPLOYMENT_VM_SIZE": "Standard_E2s_v3",
    "DEPLOYMENT_INSTANCE_COUNT": 2,
    "ENVIRONMENT_VARIABLES": {"answer-length": "short"},
}
SECOND: Raw = {
    **FIRST,
    "PRIOR_DEPLOYMENT_NAME": "blue",
    "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION": 80,
    "CURRENT_DEPLOYMENT_NAME": "green",
    "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION": "20",
}


def faults(**changed: object) -> list[str]:
    _, found = read_entry({**SECOND, **changed}, "kubernetes_endpoint[1]", "file")
    return [str(each).removeprefix("file: kubernetes_endpoint[1].") for each in found]


def test_translates_what_means_something_here() -> None:
    entry, found = read_entry(
        {**FIRST, "CPU_ALLOCATION": "0.5", "MEMORY_ALLOCATION": "1Gi"}, "place", "file"
    )
    assert not found
    assert entry.settings == {
        "endpoint": "travel-answers",
        "instances": 2,
        "resources": {"cpu": "0.5", "memory": "1Gi"},
        "variables": {"answer-length": "short"},
    }


def test_the_first_deployment_has_all_traffic() -> None:
    entry, _ = read_entry(FIRST, "place", "file")
    assert entry.split == {"blue": 100}


def test_prior_and_current_share_it() -> None:
    entry, _ = read_entry(SECOND, "place", "file")
    assert entry.split == {"blue": 80, "green": 20}


def test_a_prior_deployment_without_traffic_need_not_be_there() -> None:
    shares = {
        "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION": 0,
        "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION": 100,
    }
    entry, found = read_entry({**SECOND, **shares}, "place", "file")
    assert not found
    assert entry.split == {"green": 100}


def test_what_the_template_leaves_open_is_open() -> None:
    names = {"ENDPOINT_NAME": "", "CURRENT_DEPLOYMENT_NAME": "", "CPU_ALLOCATION": ""}
    entry, found = read_entry({**FIRST, **names}, "place", "file")
    assert not found
    assert "endpoint" not in entry.settings
    assert not entry.split


def test_says_what_it_does_not_use() -> None:
    assert unread_keys(FIRST) == ["TEST_FILE_PATH", "DEPLOYMENT_VM_SIZE"]


def test_shares_add_up() -> None:
    (fault,) = faults(CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION=30)
    assert fault == (
        "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION: 30, with 80 for the prior deployment: "
        "110 together; allowed: what adds up to 100"
    )


def test_a_share_that_is_no_number_is_told_once() -> None:
    (fault,) = faults(CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION="the rest")
    assert fault == ("CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION: 'the rest'; allowed: a whole number")


@pytest.mark.parametrize("key", ["PRIOR_DEPLOYMENT_NAME", "CURRENT_DEPLOYMENT_NAME"])
def test_nobody_without_a_name_has_a_share(key: str) -> None:
    (fault,) = faults(**{key: ""})
    assert fault.startswith(f"{key}: empty, but the prior deployment has 80 %")


def test_two_deployments_have_two_names() -> None:
    (fault,) = faults(CURRENT_DEPLOYMENT_NAME="blue")
    assert fault.startswith("CURRENT_DEPLOYMENT_NAME: 'blue' is also the prior deployment")


def test_every_fault_comes_together() -> None:
    found = faults(
        ENDPOINT_NAME="Travel Answers",
        DEPLOYMENT_INSTANCE_COUNT="many",
        MEMORY_ALLOCATION="512m",
        PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION=120,
        ENVIRONMENT_VARIABLES=["a"],
    )
    assert {fault.partition(":")[0] for fault in found} == {
        "ENDPOINT_NAME",
        "DEPLOYMENT_INSTANCE_COUNT",
        "MEMORY_ALLOCATION",
        "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION",
        "ENVIRONMENT_VARIABLES",
    }
