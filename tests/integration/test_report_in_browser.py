"""Opens reports in a real browser, without a network. Skipped where there is no Chromium."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_runs import configurations, line_record, manifest, trials, write_run
from playwright.sync_api import expect, sync_playwright

from llmops.domain.run import LineError
from llmops.pipeline.report import report
from llmops.store import RunReader, RunWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b>"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Start one browser with a profile of its own."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            args=FLAGS.split(),
            offline=True,
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a run of 2 datasets, 2 repeats and 4 configurations."""
    folder = tmp_path_factory.mktemp("small") / "run"
    return write_run(folder, lines=60, datasets=("restaurants", "gadgets"), repeats=2)


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """Open a tab that may not log an error."""
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    yield page
    page.close()
    assert faults == []


def shown(page: Page, folder: Path) -> Page:
    """Open the report and wait for its first lines."""
    page.goto(report(folder).html.as_uri())
    expect(page.locator(".canvas .cell").first).to_be_visible()
    return page


def test_lines_are_filtered_as_the_evidence_says(page: Page, small: Path) -> None:
    shown(page, small)
    lines = list(RunReader(small).lines())
    count = page.locator("#count")
    expect(count).to_have_text(f"{len(lines)} lines")

    page.select_option("[name=failed]", label="with errors")
    failed = sum(any(result.error for result in line.results.values()) for line in lines)
    expect(count).to_have_text(f"{failed} of {len(lines)} lines")
    page.click("button[type=reset]")

    page.select_option("[name=differing]", label="exact.grade")
    grades = [
        {result.evaluations["exact"].outputs["grade"] for result in line.results.values()
         if result.evaluations}
        for line in lines
    ]  # fmt: skip
    expect(count).to_have_text(f"{sum(len(each) > 1 for each in grades)} of {len(lines)} lines")
    page.click("button[type=reset]")

    page.select_option("[name=value]", label="wrong")
    expect(count).to_have_text(f"{sum('wrong' in each for each in grades)} of {len(lines)} lines")
    page.click("button[type=reset]")

    page.fill("[name=text]", "HINGE broke")
    hits = sum("hinge broke" in str(line.data["text"]).lower() for line in lines)
    expect(count).to_have_text(f"{hits} of {len(lines)} lines")
    page.select_option("[name=dataset]", label="gadgets")
    expect(page.locator(".canvas .open").first).to_contain_text("gadgets")


def test_a_line_opens_in_full_and_the_keyboard_is_enough(page: Page, small: Path) -> None:
    shown(page, small)
    first = next(RunReader(small).lines())
    page.locator(".canvas .open").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    dialog = page.locator("#detail")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(str(first.data["text"]))
    expect(dialog.locator(".answer")).to_have_count(4)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail-title")).to_contain_text("Line 2")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".canvas .open").nth(1)).to_be_focused()


def test_columns_are_switched_off_and_on(page: Page, small: Path) -> None:
    shown(page, small)
    first = page.locator(".canvas .line").first
    expect(first.locator(".cell")).to_have_count(4)
    page.locator("#columns input").first.uncheck()
    expect(first.locator(".cell")).to_have_count(3)
    expect(first.locator(".key").first).to_have_text("B")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_sticks_out_of_the_screen(page: Page, small: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    shown(page, small)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cell = page.locator(".canvas .cell").nth(1).bounding_box()
    assert cell
    assert cell["x"] + cell["width"] <= width


def test_hostile_answers_stay_text(page: Page, tmp_path: Path) -> None:
    chosen = configurations(1)
    content = {**manifest(chosen, 2), "experiment": HOSTILE}
    writer = RunWriter.create(tmp_path / "run", content, ())
    for line in range(2):
        record = line_record("reviews", line, 0, trials(chosen, ("reviews",)))
        trial, result = next(iter(record.results.items()))
        outputs = {"sentiment": HOSTILE, HOSTILE: [HOSTILE]}
        error = LineError(node=HOSTILE, kind=HOSTILE, message=HOSTILE) if line else None
        answer = replace(result, outputs=outputs, error=error)
        writer.write_line(replace(record, data={HOSTILE: HOSTILE}, results={trial: answer}))
    writer.close()
    shown(page, tmp_path / "run")
    page.locator(".canvas .open").first.click()
    expect(page.locator("#detail .answer")).to_contain_text(HOSTILE)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail .answer")).to_contain_text(HOSTILE)
    assert page.locator("img, main b:text-is('bold')").count() == 0
    assert page.title() != "owned"


def test_ten_thousand_lines_open_in_three_seconds(page: Page, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", lines=10_000)
    written = report(folder)
    started = time.perf_counter()
    page.goto(written.html.as_uri())
    expect(page.locator(".canvas .cell").first).to_be_visible()
    assert time.perf_counter() - started < 3
    page.locator("#panel").evaluate("panel => panel.scrollTo(0, panel.scrollHeight)")
    last = page.get_by_role("button", name="Line 10,000", exact=True)
    expect(last).to_be_visible()
    expect(page.locator(".canvas .line").last.locator(".cell")).to_have_count(4)
    assert page.locator(".canvas .line").count() < 40
    page.fill("[name=text]", "(9999)")
    expect(page.locator("#count")).to_have_text("1 of 10,000 lines")
