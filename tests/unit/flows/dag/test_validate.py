from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmops.domain.configuration import Configuration
from llmops.domain.flow import FlowInput
from llmops.flows.dag.choices import choose
from llmops.flows.dag.definition import Activation, Definition, Node, Variants
from llmops.flows.dag.reference import Literal, parse_value
from llmops.flows.dag.validate import check_nodes, in_order, upstream

if TYPE_CHECKING:
    from llmops.errors import Fault


def node(name: str, *, kind: str = "python", aggregation: bool = False, **inputs: object) -> Node:
    return Node(
        name=name,
        where=f"nodes.{name}",
        kind=kind,
        source_type="code",
        path=f"{name}.py",
        tool="",
        inputs={key: parse_value(value) for key, value in inputs.items()},
        aggregation=aggregation,
        connection="one" if kind == "llm" else "",
    )


def definition(*nodes: Node | Variants, output: str = "${inputs.text}") -> Definition:
    return Definition(
        label="flow",
        inputs={"text": FlowInput(name="text")},
        outputs={"out": parse_value(output)},
        nodes=nodes,
    )


def faults(*nodes: Node, output: str = "${inputs.text}") -> list[str]:
    return [str(each) for each in check_nodes(definition(*nodes, output=output), nodes)]


def test_all_faults_are_found_together() -> None:
    found = faults(
        node("a", x="${b.output}", y="${inputs.txt}", z="${missing.output}"),
        node("b", x="${a.output}", z="${a.result}"),
        node("d"),
        node("d"),
        output="${c}",
    )
    assert len(found) == 6
    for seen in ("'text'", "2 times", "no node 'missing'", "'result'", "no node 'c'", "a, b"):
        assert any(seen in each for each in found), seen


def test_aggregation_nodes_come_after_all_lines() -> None:
    early = node("early", x="${last.output}")
    last = node("last", aggregation=True, x="${first.output}")
    first = node("first")
    assert len(faults(early, last, first)) == 1
    assert not faults(last, first)


def test_a_condition_counts_as_a_reference() -> None:
    when = Activation(when=parse_value("${nobody.output}"), expected=1)
    waiting = replace(node("a"), activation=when)
    assert "no node 'nobody'" in faults(waiting)[0]


def test_order_and_upstream_follow_references() -> None:
    nodes = [node("c", x="${b}"), node("b", x="${a.output.y}"), node("a"), node("d")]
    assert [each.name for each in in_order(nodes)] == ["a", "b", "c", "d"]
    assert upstream(nodes[0], nodes) == {"a", "b"}


def test_a_variant_replaces_the_whole_node_and_parameters_come_last() -> None:
    two = Variants(
        name="a",
        where="node_variants.a",
        default="x",
        nodes={"x": node("a"), "y": node("a", kind="llm", model="m", n=1)},
    )
    wanted = Configuration(
        variants={"a": "y"},
        parameters={"a.deployment_name": "d", "a.connection": "other", "a.n": 2},
    )
    found: list[Fault] = []
    [chosen] = choose(definition(two), wanted, found)
    assert not found
    assert (chosen.kind, chosen.connection) == ("llm", "other")
    assert chosen.inputs == {name: Literal(value) for name, value in MODELS.items()}


def test_unknown_choices_name_what_is_allowed() -> None:
    two = Variants(name="grade", where="", default="x", nodes={"x": node("grade")})
    wanted = Configuration(variants={"grad": "x", "grade": "z"}, parameters={"gradd.n": 1, "n": 1})
    found: list[Fault] = []
    choose(definition(two), wanted, found)
    text = "\n".join(map(str, found))
    assert len(found) == 4
    assert "did you mean 'grade'?" in text
    assert "no variant 'z'; allowed: x" in text


MODELS = {"model": "d", "deployment_name": "d", "n": 2}
"""A model is named in either way, so setting one sets both."""
