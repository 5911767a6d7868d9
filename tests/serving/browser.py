"""A headless Chromium for the tests of the page, and what they do in it again and again."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 20_000
"""How long a test waits for something to appear; this machine may be busy."""
HARMLESS = re.compile("Failed to load resource|Canvas2D: Multiple readback operations")
"""What Chromium itself writes for every answer that is no 200, and when a test looks at pixels."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium or another one of this machine; where there is none: a failure in CI, else a skip."""
    executable = next((found for name in NAMES if (found := shutil.which(name))), None)
    if executable is None:
        message = f"none of {', '.join(NAMES)} was found; install Debian's chromium"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    arguments = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


HURRY = "const wait = window.setTimeout; window.setTimeout = (what, ms) => wait(what, ms / 20);"
"""Lets the page ask for the list of models ten times per second instead of every two seconds."""


@contextmanager
def opened(browser: Browser, url: str, *, hurried: bool = False, **options: Any) -> Iterator[Page]:
    """The page at `url` in a fresh context; whatever the scripts complain about fails the test. hurried: see HURRY."""
    context = browser.new_context(**options)
    if hurried:
        context.add_init_script(HURRY)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    yield page
    context.close()
    problems = [text for text in complaints if not HARMLESS.match(text)]
    if problems:
        pytest.fail(f"the page complained: {problems}")


def choose(page: Page, model: str) -> None:
    """Pick a model by a click on its name and wait for its form."""
    page.locator("#models").get_by_text(model, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(model)
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("#answer")).to_be_empty()


def answered(page: Page) -> str:
    """The text of the answer, once it is there."""
    expect(page.locator("#latency")).to_have_text(re.compile(r"^\d+(\.\d+)? ms$"))
    return page.locator("#answer").inner_text()


def pixel(page: Page, x: float, y: float) -> list[int]:
    """Red, green and blue, 0 to 255, of the stage at a place given in shares of its width and height."""
    value: list[int] = page.locator("canvas").evaluate(
        """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(
          Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data.slice(0, 3)]""",
        [x, y],
    )
    return value


def picture(path: Path, colour: tuple[int, int, int], *, height: int = 40, width: int = 40) -> Path:
    """A PNG file of one colour (red, green, blue)."""
    pixels = np.full((height, width, 3), colour[::-1], np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path
