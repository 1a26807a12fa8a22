"""A headless Chromium, and pages that must not reach for anything or complain."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # which takes as long to import as many a test
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No profile but a temporary one, and nothing that the browser would do for itself on a network.
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--renderer-process-limit=1",
)


def require_chromium() -> str:
    """The path of Chromium. Skips the test without it, or fails it with CVO_SG_REQUIRE_BROWSER."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    missing = "chromium is not on PATH"
    if os.environ.get("CVO_SG_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{missing}, and CVO_SG_REQUIRE_BROWSER=1")
    pytest.skip(missing)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = require_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@cache
def _window(browser: Browser, **options: object) -> BrowserContext:
    """One for all pages with the same options: each window starts processes of its own."""
    context = browser.new_context(**options)
    context.set_default_timeout(5000)
    return context


@contextmanager
def opened(
    browser: Browser, file: Path, width: int = 1280, color_scheme: str = "light", **options: object
) -> Iterator[Page]:
    """The file in a new tab, which must ask for nothing else, log nothing and raise nothing."""
    page = _window(browser, **options).new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: (messages.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    yield page
    assert messages == []
    assert requests == [file.as_uri()]
    page.close()
