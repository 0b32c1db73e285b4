"""Windows of a browser for several people at once, with pictures at both widths, for the journeys."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import connection
from playwright.sync_api import Browser, Page

from chromium import known
from jutong.kernel import clock
from world import World

WIDTHS = {"desk": 1440, "phone": 390}


def drained(world: World) -> None:
    """Let waiting work be done; beside the browser's event loop, since the probe begins one of its own."""

    def work() -> None:
        world.drain(clock.now())
        connection.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(work).result()


def made(page: Page, label: str, **fields: str) -> None:
    """Make a move on the page of a case, by its button, and wait for the page that follows."""
    form = page.locator("details").filter(has=page.locator("summary", has_text=re.compile(f"^{label}$")))
    form.locator("summary").click()
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.first.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check()
        else:
            (field.select_option if field.evaluate("f => f.tagName") == "SELECT" else field.fill)(value)
    with page.expect_navigation():
        form.get_by_role("button", name=f"确认{label}").click()


SETTLED = """width => new Promise(settled => {
    const look = () => innerWidth === width ? requestAnimationFrame(settled) : requestAnimationFrame(look);
    requestAnimationFrame(look);
})"""
"""Resolves once the window has its width and was drawn."""


class People:
    """The people of the journey, each with a window of their own; pictures of what they see at both widths."""

    def __init__(self, browser: Browser, address: str, world: World, folder: Path) -> None:
        self.complaints: list[str] = []
        self._browser, self._address, self._world, self._folder = browser, address, world, folder
        self._pages: dict[str, Page] = {}

    def __call__(self, who: str, path: str = "") -> Page:
        if who not in self._pages:
            context = self._browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
            page = self._pages[who] = known(context, self._world.client(who), self._address).new_page()
            page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        if path:
            self._pages[who].goto(self._address + path)
        return self._pages[who]

    def stranger(self, path: str) -> Page:
        """Return a window without an account, at an address."""
        if "" not in self._pages:
            context = self._browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
            page = self._pages[""] = context.new_page()
            page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self._pages[""].goto(self._address + path)
        return self._pages[""]

    def look(self, who: str, name: str) -> None:
        """Keep pictures at both widths, and hold that nothing is wider than the screen."""
        page = self._pages[who]
        for device, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("scrollTo(0, 0)")
            page.evaluate(SETTLED, width)
            page.screenshot(path=self._folder / f"{name}-{device}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        page.set_viewport_size({"width": 1440, "height": 900})
