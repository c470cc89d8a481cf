"""Makes an approved configuration of a run a release."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from llmops import ledger
from llmops.approval import Claim, approval_in, author_of, require_approval, require_evidence
from llmops.approvers import read_approvers
from llmops.domain.configuration import Configuration
from llmops.errors import ApprovalError, ConfigError, Fault
from llmops.experiment.mappings import compile_mappings
from llmops.flows import load_flow
from llmops.imports import imported
from llmops.key_search import refuse_keys
from llmops.model_card import model_card
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.requirements import distributions_of, requirements
from llmops.review import Review
from llmops.store import RunReader, bundle
from llmops.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.approval import Approved
    from llmops.domain.flow import Flow
    from llmops.domain.ledger import Verified
    from llmops.domain.release import Release

    Raw = dict[str, object]

FLOW = "flow"


def register(project: Path, folder: Path, environment: str, name: str = "") -> Release:
    """Store the configuration that was approved for an environment as the next release.

    `name` is the release's, default the experiment's.

    Raises:
        ApprovalError: when no valid approval covers it.
        ConfigError: when the flow is not the one that ran, or holds what looks like a key.
    """
    verified = ledger.verify(project)
    run = f"{folder.parent.name}/{folder.name}"
    require_evidence(run, verified, bundle(folder))
    reader = RunReader(folder)
    experiment = str(reader.manifest["experiment"])
    approvers = read_approvers(project, experiment)
    stated = [
        approval
        for approval in map(approval_in, verified.records)
        if approval and (approval.run, approval.environment) == (run, environment)
    ]
    if not stated:
        raise ApprovalError(f"{run}: no approval for {environment}; llmops approve {run}")
    claim = Claim(
        run=run,
        configuration=stated[-1].configuration,
        environment=environment,
        max_traffic=0,
    )
    author = author_of(reader.manifest)
    approved = require_approval(claim, verified, approvers, bundle(folder), author)
    _require_acknowledged(folder, approved)
    flow = _same_flow(project, reader)
    name = name or experiment
    registry = FolderRegistry(root=releases_folder(project))
    release = registry.add(
        name,
        lambda place, number: _write(place, number, name, reader, approved, flow),
        after=_last_number(name, verified),
    )
    body = {
        "release": release.label,
        "digest": release.digest,
        "run": run,
        "configuration": approved.configuration,
        "evidence": approved.evidence,
        "environment": environment,
        "approvals": list(approved.records),
    }
    ledger.append(project, "release", body, author or "unknown")
    return release


def _require_acknowledged(folder: Path, approved: Approved) -> None:
    """Refuse an approval that was written by hand around an unmet gate or a broken guardrail."""
    points = Review(folder, approved.environment).open_points(approved.configuration)
    missing = [point for point in points if point.name not in approved.acknowledged]
    if missing:
        lines = [f"not acknowledged: {point.name!r} ({point.said})" for point in missing]
        raise ApprovalError("\n".join(f"{approved.run}: {line}" for line in lines))


def _last_number(name: str, verified: Verified) -> int:
    """Return the highest number that the name ever had: a deleted release's is not given again."""
    labels = [str(each.body["release"]) for each in verified.records if each.kind == "release"]
    numbers = [label.removeprefix(f"{name}/") for label in labels]
    return max((int(each) for each in numbers if each.isdecimal()), default=0)


def _same_flow(project: Path, reader: RunReader) -> Flow:
    stated = reader.manifest["flow"]
    flow = load_flow(project / stated["path"], stated.get("entry", ""))
    if flow.digest() != stated["digest"]:
        fault = Fault(
            where=stated["path"],
            seen="it is not the flow that ran",
            allowed="what was measured is what is released",
            next_step=f"check out {reader.manifest['code'].get('commit', 'the commit of the run')}",
        )
        raise ConfigError([fault])
    return flow


def _write(
    place: Path, number: int, name: str, reader: RunReader, approved: Approved, flow: Flow
) -> Mapping[str, Any]:
    manifest = reader.manifest
    trial = next(
        each for each in manifest["trials"] if each["configuration"] == approved.configuration
    )
    configuration = Configuration(variants=trial["variants"], parameters=trial["parameters"])
    file = flow.bake(configuration, place / FLOW)
    refuse_keys(place / FLOW)
    interface = flow.interface()
    sample = _sample(reader, trial["id"], flow)
    _write_text(place / "sample-request.json", json.dumps(sample, indent=2, ensure_ascii=False))
    roots = ["llmops", *distributions_of(imported(place / FLOW))]
    _write_text(place / "requirements.txt", "\n".join(requirements(manifest["packages"], roots)))
    _write_text(
        place / "connections.json",
        json.dumps(manifest["stated_connections"], indent=2, ensure_ascii=False),
    )
    report = summarise(reader)
    _write_text(place / "MODEL_CARD.md", model_card(f"{name}/{number}", report, approved, manifest))
    return {
        "name": name,
        "number": number,
        "created": ledger.now(),
        "flow": f"{FLOW}/{file}",
        "configuration": {
            "id": approved.configuration,
            "label": trial["label"],
            "variants": trial["variants"],
            "parameters": trial["parameters"],
        },
        "inputs": {each.name: each.type for each in interface.inputs},
        "outputs": list(interface.outputs),
        "connections": sorted(load_flow(place / FLOW / file).interface().connections),
        "packages": {
            name: manifest["packages"][name]
            for name in ("llmops", "promptflow")
            if name in manifest["packages"]
        },
        "lineage": {
            "run": approved.run,
            "evidence": approved.evidence,
            "flow": manifest["flow"],
            "datasets": manifest["datasets"],
            "evaluators": manifest["evaluators"],
            "code": manifest["code"],
            "approval": asdict(approved),
        },
    }


def _sample(reader: RunReader, trial: str, flow: Flow) -> Mapping[str, object]:
    """Return the flow's inputs of the first line that it answered."""
    sections = {each["name"]: each for each in reader.manifest["configuration"]["datasets"]}
    for record in reader.lines():
        result = record.results.get(trial)
        if result and not result.error:
            mappings = cast("Raw", sections[record.dataset].get("mappings") or {})
            inputs = flow.interface().inputs
            return compile_mappings(mappings, inputs, tuple(record.data))(record.data)
    return {}


def _write_text(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")
