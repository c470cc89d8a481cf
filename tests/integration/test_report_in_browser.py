"""Opens reports in a real browser, without a network. Skipped where there is no Chromium."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from fake_runs import BASELINE, configurations, line_record, manifest, trials, write_run
from playwright.sync_api import expect, sync_playwright

from llmops.domain.run import LineError
from llmops.pipeline.report import report
from llmops.store import RunReader, RunWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from llmops.domain.run import LineRecord, LineResult
    from llmops.pipeline.report import Written

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b>"
WIDTHS = (390, 800, 1280, 1440)

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
    datasets = ("restaurants", "gadgets")
    return write_run(folder, lines=60, datasets=datasets, repeats=2, scored=True)


@pytest.fixture(scope="module")
def written(small: Path) -> Written:
    """Write the report of the small run."""
    return report(small)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write the report of one dataset with the baseline and one other configuration."""
    folder = tmp_path_factory.mktemp("pair") / "run"
    return report(write_run(folder, lines=80, count=2, scored=True))


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


def shown(page: Page, written: Written, link: str = "") -> Page:
    """Open the report and wait for its first lines."""
    page.goto(written.html.as_uri() + link)
    expect(page.locator(".canvas .cell").first).to_be_visible()
    return page


def by_configuration(folder: Path, record: LineRecord) -> Mapping[str, LineResult]:
    """Return the results of a line by configuration id."""
    owners = {trial["id"]: trial["configuration"] for trial in RunReader(folder).manifest["trials"]}
    return {owners[trial]: result for trial, result in record.results.items()}


def counted(folder: Path, test: Callable[[Mapping[str, LineResult]], bool]) -> int:
    """Return how many rows pass the test."""
    return sum(test(by_configuration(folder, record)) for record in RunReader(folder).lines())


def accuracy(result: LineResult) -> object:
    """Return the score of a line; None where it failed."""
    return None if result.error else result.evaluations["exact"].outputs["accuracy"]


def test_the_lines_that_regressed_come_first(page: Page, pair: Written) -> None:
    shown(page, pair)
    regressed = [each for each in pair.comparison.regressions if each.metric == "exact.accuracy"]
    assert regressed
    expect(page.locator("#tabs :checked + span")).to_have_text(f"Regressed {len(regressed)}")
    expect(page.locator("#count")).to_have_text(f"{len(regressed)} of 80 lines")
    first = page.locator(".canvas .line").first
    expect(first.locator(".open")).to_have_text(f"Line {regressed[0].line + 1}")
    expect(first.locator(".cell").last).to_contain_text("regressed")


def test_each_view_of_the_lines_is_what_the_evidence_says(page: Page, written: Written) -> None:
    shown(page, written)
    folder, focus = written.html.parent, configurations(4)[1].id
    place = [item.id for item in written.numbers.configurations].index(focus)
    page.select_option("[name=focus]", str(place))
    count = page.locator("#count")
    failed = counted(folder, lambda found: bool(found[focus].error or found[BASELINE.id].error))
    page.locator("#tabs").get_by_text("Errors").click()
    expect(count).to_have_text(f"{failed} of 240 lines")
    page.get_by_role("radio", name="All").focus()
    page.keyboard.press("Space")
    expect(count).to_have_text("240 lines")
    page.fill("[name=text]", "HINGE broke")
    hits = sum(
        "hinge broke" in str(line.data["text"]).lower() for line in RunReader(folder).lines()
    )
    expect(count).to_have_text(f"{hits} of 240 lines")
    page.select_option("[name=dataset]", label="gadgets")
    expect(page.locator(".canvas .open").first).to_contain_text("gadgets")


def test_an_improved_line_is_one_that_scores_more(page: Page, pair: Written) -> None:
    shown(page, pair)
    other = configurations(2)[1].id
    better = counted(
        pair.html.parent,
        lambda found: (accuracy(found[BASELINE.id]), accuracy(found[other])) == (False, True),
    )
    page.locator("#tabs").get_by_text("Improved").click()
    expect(page.locator("#count")).to_have_text(f"{better} of 80 lines")


def test_further_filters_wait_until_they_are_asked_for(page: Page, written: Written) -> None:
    shown(page, written)
    page.get_by_role("radio", name="All").check(force=True)
    page.get_by_text("More filters").click()
    page.select_option("[name=differing]", label="exact.grade")
    lines = list(RunReader(written.html.parent).lines())
    grades = [
        {result.evaluations["exact"].outputs["grade"] for result in line.results.values()
         if result.evaluations}
        for line in lines
    ]  # fmt: skip
    count = page.locator("#count")
    expect(count).to_have_text(f"{sum(len(each) > 1 for each in grades)} of 240 lines")
    first = page.locator(".canvas .line").first
    expect(first.locator(".cell")).to_have_count(2)
    page.locator("#columns label:visible input").first.check()
    expect(first.locator(".cell")).to_have_count(3)
    page.click("button[type=reset]")
    expect(page.locator("#tabs :checked + span")).to_contain_text("Regressed")


def test_a_line_is_read_side_by_side_with_the_keyboard_alone(page: Page, pair: Written) -> None:
    shown(page, pair)
    page.locator(".canvas .open").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    dialog = page.locator("#detail")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".expected")).to_contain_text("Expected")
    before, after = dialog.locator(".pair .answer").all()
    expect(before.locator("del").first).to_be_visible()
    expect(after.locator("ins").first).to_be_visible()
    expect(after).to_contain_text("changed")
    assert before.locator("ins").count() == after.locator("del").count() == 0
    title = page.locator("#detail-title").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail-title")).not_to_have_text(title)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".canvas .open").nth(1)).to_be_focused()


def test_a_link_opens_its_line(page: Page, written: Written) -> None:
    key = next(item.key for item in written.numbers.configurations[1:] if not item.is_baseline)
    link = f"line=7&dataset=gadgets&repeat=2&with={key}"
    shown(page, written, f"#{link}")
    expect(page.locator("#detail")).to_be_visible()
    expect(page.locator("#detail-title")).to_contain_text("Line 7 · gadgets · repeat 2")
    assert page.evaluate("location.hash") == f"#{link}"
    page.keyboard.press("Escape")
    expect(page.locator(".canvas .open:focus")).to_contain_text("Line 7 · gadgets · repeat 2")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(page: Page, written: Written, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    shown(page, written)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    found = [serious(page)]
    page.locator(".canvas .open").first.click()
    expect(page.locator("#detail")).to_be_visible()
    found.append(serious(page))
    assert found == [[], []]


def serious(page: Page) -> list[str]:
    """Return what axe-core finds serious, and where."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_of_the_screen(page: Page, written: Written, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    shown(page, written)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cell = page.locator(".canvas .cell").nth(1).bounding_box()
    assert cell
    assert cell["x"] + cell["width"] <= width


def test_hostile_answers_stay_text(page: Page, tmp_path: Path) -> None:
    chosen = configurations(2)
    prompts = {"classify": {each.id: f"{HOSTILE}{place}" for place, each in enumerate(chosen)}}
    content = {**manifest(chosen, 2), "experiment": HOSTILE, "prompts": prompts}
    writer = RunWriter.create(tmp_path / "run", content, ())
    for line in range(2):
        record = line_record("reviews", line, 0, trials(chosen, ("reviews",)))
        error = LineError(node=HOSTILE, kind=HOSTILE, message=HOSTILE) if line else None
        results = {
            trial: replace(result, outputs={"sentiment": f"{HOSTILE}{trial}"}, error=error)
            for trial, result in record.results.items()
        }
        writer.write_line(replace(record, data={HOSTILE: HOSTILE}, results=results))
    writer.close()
    shown(page, report(tmp_path / "run"))
    page.locator(".canvas .open").first.click()
    expect(page.locator("#detail .answer").first).to_contain_text(HOSTILE)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail .answer").first).to_contain_text(HOSTILE)
    assert page.locator("img, main b:text-is('bold')").count() == 0
    assert page.title().endswith(f"{HOSTILE} · 20260102-030405-abcd")


def test_ten_thousand_lines_of_twelve_configurations_open_in_three_seconds(
    page: Page, tmp_path: Path
) -> None:
    written = report(write_run(tmp_path / "run", lines=10_000, count=12, scored=True))
    started = time.perf_counter()
    shown(page, written)
    assert time.perf_counter() - started < 3
    page.get_by_role("radio", name="All").check(force=True)
    page.locator("#panel").evaluate("panel => panel.scrollTo(0, panel.scrollHeight)")
    last = page.get_by_role("button", name="Line 10,000", exact=True)
    expect(last).to_be_visible()
    expect(page.locator(".canvas .line").last.locator(".cell")).to_have_count(2)
    assert page.locator(".canvas .line").count() < 40
    page.fill("[name=text]", "(9999)")
    expect(page.locator("#count")).to_have_text("1 of 10,000 lines")
