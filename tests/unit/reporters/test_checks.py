from __future__ import annotations

from dataclasses import replace

from fake_comparison import fake_comparison, without_objective

from llmops.domain.gate import GateResult
from llmops.reporters.html.checks import checks_of

MET = GateResult(metric="m", dataset="d", wanted="m at least 0.5", status="met", sentence="it is")
UNMET = replace(MET, wanted="m at least 0.9", status="unmet")
NOTHING_DEPLOYED = replace(MET, wanted="m at most 0.1 below", status="not applicable")


def test_what_is_not_met_comes_first() -> None:
    checks = checks_of(fake_comparison(), [MET, NOTHING_DEPLOYED, UNMET])
    assert checks
    statuses = [check.status for check in checks.own]
    assert statuses == ["unmet", "not applicable", "met", "met"]
    assert checks.own[0].subject == "m at least 0.9"
    assert [check.status for check in checks.others] == ["unmet", "met"]


def test_a_guardrail_says_how_much_worse_is_allowed() -> None:
    checks = checks_of(fake_comparison(), [])
    assert checks
    assert {check.subject for check in checks.own} == {"style.words less than 5 worse"}


def test_without_a_configuration_to_release_all_guardrails_are_the_others() -> None:
    comparison = fake_comparison("no winner")
    nobody = replace(comparison, decision=replace(comparison.decision, configuration=None))
    checks = checks_of(nobody, [])
    assert checks
    assert not checks.own
    assert len(checks.others) == len(comparison.guardrails)


def test_there_is_no_section_where_nothing_is_asked_for() -> None:
    assert checks_of(without_objective(fake_comparison()), []) is None
