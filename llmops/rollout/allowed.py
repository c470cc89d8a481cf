"""Whether a release may have a share of an environment's traffic: asked again at every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops import ledger
from llmops.approval import Claim, author_of, require_approval, require_evidence
from llmops.approvers import read_approvers
from llmops.errors import ApprovalError
from llmops.registries.catalogue import Catalogue
from llmops.rollout.shares import grown
from llmops.store import RunReader, bundle

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.approval import Approved
    from llmops.domain.endpoint_history import Change
    from llmops.domain.release import Release


def require_growth(project: Path, before: Change, after: Change) -> None:
    """Refuse a change that gives a deployment more than its release is approved for.

    Copies show requests to a release, too: it needs an approval, be it for 0 %.

    Raises:
        ApprovalError: when a share that grows is not covered today.
        ConfigError: when a release or `approvers.yaml` is missing.
    """
    environment = after.endpoint.partition("/")[0]
    catalogue = Catalogue(project=project, actor="")
    was, will = before.routing, after.routing
    for name in {*grown(was.percent, will.percent), *grown(was.mirror, will.mirror)}:
        percent = will.percent.get(name, 0)
        require_share(project, catalogue.load(after.releases[name]), environment, percent)


def require_share(project: Path, release: Release, environment: str, percent: int) -> Approved:
    """Return what the approvals of the release's run allow.

    Raises:
        ApprovalError: when none covers this share there today, or evidence or ledger has changed.
        ConfigError: when `approvers.yaml` is missing or wrong.
    """
    run = str(release.lineage.get("run", ""))
    experiment, _, run_id = run.partition("/")
    folder = project / "reports" / experiment / run_id
    if not run_id or not folder.is_dir():
        raise ApprovalError(
            f"{release.label}: the evidence of its run is not here (reports/{run}); "
            "an approval is checked against it, so bring that folder"
        )
    verified, evidence = ledger.verify(project), bundle(folder)
    require_evidence(run, verified, evidence)
    reader = RunReader(folder)
    claim = Claim(
        run=run,
        configuration=str(release.configuration["id"]),
        environment=environment,
        max_traffic=percent,
    )
    approvers = read_approvers(project, experiment)
    try:
        return require_approval(claim, verified, approvers, evidence, author_of(reader.manifest))
    except ApprovalError as error:
        seen = f"{release.label} may not have {percent} % of {environment}"
        raise ApprovalError(
            f"{seen}: {error}\na reviewer can allow it: llmops approve {experiment}/{run_id}"
        ) from error
