"""A reviewer reads, comments and signs in a real browser. Skipped where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from deployed_endpoint import ENDPOINT, deploy_two_releases, look_at_it, roll_back
from playwright.sync_api import expect, sync_playwright
from reviewed_run import write_reviewed_run
from viewer_process import ViewerProcess, viewer

from llmops import ledger
from llmops.approval import approval_bytes, approval_in
from llmops.approvers import read_approvers
from llmops.domain.deployment import Condition, TrafficPlan
from llmops.pipeline.report import report
from llmops.signing import generate, is_signed, load_public_key
from llmops.store import RunReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
RUN = "reviews/20260102-030405-abcd"
PLAN = TrafficPlan(must_hold=(Condition(metric="error_rate", at_most=0.02, direction="minimize"),))
COMMENT = "The reason does not fit the remark."
APPROVERS = """\
reviewers:
  - name: Ada
    emails: [ada@example.com]
    key: {ada}
  - name: Ben
    emails: [ben@example.com]
    key: {ben}
environments:
  staging: {{max_traffic: 50}}
  production: {{required: 2, max_traffic: 20}}
"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a folder for private keys, outside the project."""
    return tmp_path / "keys"


@pytest.fixture
def project(tmp_path: Path, keys: Path) -> Path:
    """Write a run in which a gate is not met, how it would go live, and who may approve it."""
    project = tmp_path / "project"
    plans = {"": PLAN, "staging": TrafficPlan(steps=(50, 100))}
    write_reviewed_run(project / "reports" / RUN, gap=25, plans=plans)
    public = {name: generate(keys / f"{name}.pem", "") for name in ("ada", "ben")}
    (project / "experiments").mkdir()
    (project / "experiments" / "approvers.yaml").write_text(APPROVERS.format(**public))
    return project


@pytest.fixture
def running(project: Path) -> Iterator[ViewerProcess]:
    with viewer(project) as running:
        yield running


@pytest.fixture
def page(browser: Browser, running: ViewerProcess) -> Iterator[Page]:
    """Open the viewer in a tab that may not log an error."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(running.url)
    page.wait_for_url(f"{running.origin}/")
    yield page
    context.close()
    assert faults == []


def sign_in(page: Page, running: ViewerProcess, key: Path) -> None:
    page.goto(f"{running.origin}/runs/{RUN}/review")
    page.get_by_label("Your private key").set_input_files(key)
    page.get_by_role("button", name="Sign in").click()


def worse_lines(project: Path) -> int:
    """Count the lines that the baseline has right and the other one wrong."""
    reader = RunReader(project / "reports" / RUN)
    baseline = reader.manifest["baseline"]
    first = [each["id"] for each in reader.manifest["trials"] if each["configuration"] == baseline]
    count = 0
    for line in reader.lines():
        judged = {
            trial in first: result.evaluations["exact"].outputs["score"]
            for trial, result in line.results.items()
            if result.error is None
        }
        count += judged == {True: True, False: False}
    return count


def test_a_reviewer_reads_comments_and_signs(page: Page, project: Path, keys: Path) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.get_by_role("link", name="reviews", exact=True).click()
    page.get_by_role("link", name="Review and sign").click()
    page.get_by_label("Your private key").set_input_files(keys / "ada.pem")
    page.get_by_role("button", name="Sign in").click()
    read_lines(page, worse_lines(project))
    page.get_by_role("link", name="Decide and sign").click()
    expect(page.get_by_text(f"The one you chose is better. {COMMENT}")).to_be_visible()
    page.get_by_role("checkbox", name="gate: exact.score at least 0.95").check()
    page.get_by_label("Environment").select_option("staging")
    page.get_by_label("Greatest share").fill("20")
    draft_and_sign(page, keys / "ada.pem")
    expect(page.get_by_text("holds", exact=True)).to_be_visible()
    expect(page.get_by_text("up to 20 % of traffic")).to_be_visible()

    verified = ledger.verify(project)
    assert verified.breaks == ()
    approval = approval_in(verified.records[-1])
    assert approval
    ada = read_approvers(project, "reviews").reviewers[0]
    signature = verified.records[-1].signature
    assert is_signed(load_public_key(ada.key), approval_bytes(approval), signature)
    assert (approval.reviewer, approval.environment, approval.max_traffic) == ("Ada", "staging", 20)
    assert [said.endswith(COMMENT) for said in approval.comments.values()] == [True]
    private = "".join((keys / "ada.pem").read_text().splitlines()[1:-1])
    assert not [text for text in sent if private[-40:] in text]


def read_lines(page: Page, regressed: int) -> None:
    """Filter the lines that regressed, read the first, judge it and go on; nothing is lost."""
    page.get_by_role("link", name="All 60").click()
    expect(page.get_by_text("1 of 60 lines")).to_be_visible()
    page.get_by_role("link", name=f"Regressed {regressed}").click()
    expect(page.locator(".lines a")).to_have_count(regressed)
    left, right = (page.get_by_role("region", name=side) for side in ("Left", "Right"))
    marked = {side.locator("mark").first.text_content() for side in (left, right)}
    assert marked == {"negative", "neutral"}
    expect(page.get_by_text("summarise=long")).to_have_count(0)
    page.get_by_role("radio", name="Left").check()
    page.get_by_role("textbox", name="Comment").fill(COMMENT)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(f"2 of {regressed} regressed")).to_be_visible()
    page.get_by_role("link", name="Commented 1").click()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value(COMMENT)
    expect(page.get_by_role("radio", name="Left")).to_be_checked()


def draft_and_sign(page: Page, key: Path) -> None:
    page.get_by_label("Reason").fill("Better on most lines.")
    page.get_by_role("button", name="Draft the statement").click()
    expect(page.locator("#statement")).to_contain_text("Better on most lines.")
    page.get_by_label("Your private key").set_input_files(key)
    page.get_by_role("button", name="Sign and record").click()


def test_the_keyboard_is_enough(page: Page, project: Path, keys: Path) -> None:
    enter(page, page.get_by_role("link", name="reviews", exact=True))
    enter(page, page.get_by_role("link", name="Review and sign"))
    choose(page, page.get_by_label("Your private key"), keys / "ada.pem")
    enter(page, page.get_by_role("button", name="Sign in"))
    enter(page, page.get_by_role("link", name="Regressed"))
    for key, place in (("ArrowRight", "2 of"), ("ArrowLeft", "1 of")):
        expect(page.locator("#line-title")).to_be_focused()
        page.keyboard.press(key)
        expect(page.get_by_text(place)).to_be_visible()
    reach(page, page.get_by_role("radio", name="Not judged"))
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Right")).to_be_checked()
    reach(page, page.get_by_role("textbox", name="Comment"))
    page.keyboard.type(COMMENT)
    expect(page.get_by_text("Saved")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    reach(page, page.get_by_role("link", name="Decide and sign"))
    page.keyboard.press("Enter")

    reach(page, page.get_by_role("checkbox"))
    page.keyboard.press("Space")
    reach(page, page.get_by_label("Reason"))
    page.keyboard.type("Better on most lines.")
    enter(page, page.get_by_role("button", name="Draft the statement"))
    expect(page.get_by_role("heading", name="What you sign")).to_be_focused()
    choose(page, page.get_by_label("Your private key"), keys / "ada.pem")
    enter(page, page.get_by_role("button", name="Sign and record"))
    expect(page.get_by_text("holds", exact=True)).to_be_visible()
    assert ledger.verify(project).records[-1].kind == "approval"


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until the element has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{wanted} cannot be reached by Tab")


def enter(page: Page, wanted: Locator) -> None:
    reach(page, wanted)
    page.keyboard.press("Enter")


def choose(page: Page, wanted: Locator, file: Path) -> None:
    reach(page, wanted)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)


def test_every_page_is_accessible(
    page: Page, running: ViewerProcess, project: Path, keys: Path
) -> None:
    write_reviewed_run(project / "reports" / "reviews" / "20260103-030405-abcd", gap=0, day=3)
    pages = ["/", "/history", f"/compare?run={RUN}&run=reviews/20260103-030405-abcd", "/reviewer"]
    pages += [f"/runs/{RUN}{part}" for part in ("", "/sign-in", "/review", "/decide")]
    pages += ["/endpoints", f"/endpoints/{ENDPOINT}"]
    write_endpoint(project)
    sign_in(page, running, keys / "ada.pem")
    expect(page.get_by_role("heading", name="reviews, line")).to_be_visible()
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path in pages:
            page.goto(f"{running.origin}{path}")
            found += [f"{scheme} {path}: {name}" for name in violations(page)]
    assert found == []


def write_endpoint(project: Path) -> None:
    """Have releases of the run deployed, looked at and rolled back."""
    deploy_two_releases(project, RUN)
    look_at_it(project)
    roll_back(project)


def violations(page: Page) -> list[str]:
    """Return the names of axe's serious and critical findings."""
    axe = cast("Any", Axe())  # it has no types
    found: list[dict[str, str]] = axe.run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_sticks_out_of_the_screen(
    page: Page, running: ViewerProcess, project: Path, keys: Path, width: int
) -> None:
    write_endpoint(project)
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, running, keys / "ada.pem")
    expect(page.get_by_role("heading", name="reviews, line")).to_be_visible()
    pages = ["/", "/history", "/endpoints", f"/endpoints/{ENDPOINT}"]
    for path in (*pages, f"/runs/{RUN}", f"/runs/{RUN}/review", f"/runs/{RUN}/decide"):
        page.goto(f"{running.origin}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_names_and_scores_are_hidden_until_asked_for(
    page: Page, running: ViewerProcess, keys: Path
) -> None:
    sign_in(page, running, keys / "ada.pem")
    left = page.get_by_role("region", name="Left")
    expect(left).not_to_contain_text("exact.score")
    page.get_by_role("button", name="Show which is which").click()
    expect(left).to_contain_text("exact.score")
    expect(left).to_contain_text("summarise=")
    page.reload()
    expect(left).to_contain_text("exact.score")


def test_each_reviewer_has_a_draft_of_their_own(
    page: Page, running: ViewerProcess, project: Path, keys: Path
) -> None:
    sign_in(page, running, keys / "ada.pem")
    page.get_by_role("textbox", name="Comment").fill(COMMENT)
    expect(page.get_by_text("Saved")).to_be_visible()
    page.goto(f"{running.origin}/reviewer")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Nobody has signed in")).to_be_visible()
    sign_in(page, running, keys / "ben.pem")
    page.get_by_role("link", name="Commented 0").click()
    expect(page.get_by_text("You have commented on no line yet.")).to_be_visible()
    assert {path.name for path in (project / "reports" / RUN / "reviews").iterdir()} == {"Ada.json"}


def test_a_run_is_rejected_without_a_scope(
    page: Page, running: ViewerProcess, project: Path, keys: Path
) -> None:
    sign_in(page, running, keys / "ada.pem")
    page.get_by_role("link", name="Decide and sign").click()
    page.get_by_role("radio", name="Reject").check()
    expect(page.get_by_label("Environment")).to_be_hidden()
    draft_and_sign(page, keys / "ada.pem")
    expect(page.get_by_role("cell", name="rejection")).to_be_visible()
    assert ledger.verify(project).records[-1].kind == "rejection"


def test_a_report_opens_in_its_sandbox(page: Page, running: ViewerProcess, project: Path) -> None:
    report(project / "reports" / RUN)
    page.goto(f"{running.origin}/runs/{RUN}")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the report").click()
    expect(opened.value.locator(".canvas .cell").first).to_be_visible()
    assert opened.value.evaluate("self.origin") == "null"


def test_a_reviewer_sees_how_it_would_go_live(
    page: Page, running: ViewerProcess, keys: Path
) -> None:
    sign_in(page, running, keys / "ada.pem")
    page.get_by_role("link", name="Decide and sign").click()
    plans = page.get_by_role("region", name="How it would go live")
    expect(plans.get_by_role("heading", level=3)).to_have_text(["staging", "production"])
    expect(plans).to_contain_text("50 % → 100 %, at least 60 minutes and 200 requests at each")
    expect(plans).to_contain_text("before each next step: error rate at most 2 %")
    page.get_by_role("radio", name="Reject").check()
    expect(plans).to_be_hidden()


def test_the_way_from_a_run_to_a_look_at_its_endpoint(
    page: Page, running: ViewerProcess, project: Path
) -> None:
    write_endpoint(project)
    page.goto(f"{running.origin}/runs/{RUN}")
    enter(page, page.get_by_role("link", name=ENDPOINT).first)
    shares = page.get_by_role("table", name=f"Deployments of {ENDPOINT}").get_by_role("row")
    expect(shares).to_contain_text(["Share", "100 %", "0 %"])
    newest = page.get_by_role("listitem").first
    expect(newest).to_contain_text("rollback reviews-1 90 % → 100 %; reviews-2 10 % → 0 %")
    with page.context.expect_page() as opened:
        enter(page, page.get_by_role("link", name="Open the report"))
    expect(opened.value.get_by_role("heading", name="What was seen")).to_be_visible()
    assert opened.value.evaluate("self.origin") == "null"


def test_the_browser_is_opened_without_the_token_in_its_command(
    browser: Browser, project: Path, tmp_path: Path
) -> None:
    """Everybody on a machine can read command lines; a page elsewhere may lead to the viewer."""
    opener, opened, copy = (tmp_path / name for name in ("browser", "opened", "copy.html"))
    os.mkfifo(opened)
    opener.write_text(f'#!/bin/sh\ncp -p "${{1#file://}}" {copy}\necho "$1" > {opened}\n')
    opener.chmod(0o700)
    with viewer(project, opener) as running:
        address = opened.read_text()  # waits until it was opened
        context = browser.new_context()
        page = context.new_page()
        page.goto(copy.as_uri())
        page.wait_for_url(f"{running.origin}/")
        expect(page.get_by_role("heading", name="Runs")).to_be_visible()
        context.close()
    assert running.token not in address
    assert copy.stat().st_mode & 0o077 == 0


@pytest.fixture
def refused(browser: Browser, running: ViewerProcess) -> Iterator[Page]:
    """Open the viewer in a tab that will be refused something."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(running.url)
    page.wait_for_url(f"{running.origin}/")
    yield page
    context.close()


def test_a_strangers_key_is_refused(refused: Page, running: ViewerProcess, keys: Path) -> None:
    generate(keys / "eve.pem", "")
    sign_in(refused, running, keys / "eve.pem")
    said = "this key is that of no reviewer in experiments/approvers.yaml"
    expect(refused.get_by_role("alert")).to_have_text(said)


def test_another_reviewers_key_does_not_sign(
    refused: Page, running: ViewerProcess, project: Path, keys: Path
) -> None:
    sign_in(refused, running, keys / "ada.pem")
    refused.get_by_role("link", name="Decide and sign").click()
    refused.get_by_role("checkbox").check()
    draft_and_sign(refused, keys / "ben.pem")
    expect(refused.get_by_text("the signature is not that of 'Ada'")).to_be_visible()
    assert ledger.verify(project).records == ()


def test_what_forbids_an_approval_is_said_together(
    refused: Page, running: ViewerProcess, keys: Path
) -> None:
    sign_in(refused, running, keys / "ada.pem")
    refused.get_by_role("link", name="Decide and sign").click()
    refused.locator("#decision").evaluate("form => { form.noValidate = true; }")
    refused.get_by_label("Greatest share").fill("60")
    refused.get_by_role("button", name="Draft the statement").click()
    alert = refused.locator("#decision [role=alert]")
    expect(alert).to_contain_text("wrong scope: 60 % of traffic")
    expect(alert).to_contain_text("no reason")
    expect(alert).to_contain_text("not acknowledged")


def test_an_openssh_key_names_the_command(
    page: Page, running: ViewerProcess, tmp_path: Path
) -> None:
    key = tmp_path / "id_ed25519"
    encoded = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    key.write_bytes(encoded)
    sign_in(page, running, key)
    said = f"A browser cannot read an OpenSSH key; in a terminal: llmops approve {RUN}"
    expect(page.get_by_role("alert")).to_have_text(said)


def test_a_browser_without_ed25519_names_the_command(
    page: Page, running: ViewerProcess, keys: Path
) -> None:
    page.add_init_script(
        "crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError'); }"
    )
    sign_in(page, running, keys / "ada.pem")
    said = f"This browser cannot sign with Ed25519; in a terminal: llmops approve {RUN}"
    expect(page.get_by_role("alert")).to_have_text(said)
