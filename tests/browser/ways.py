"""The ways in which a person uses a page: with the keys alone, without scripts, on a narrow screen, or enlarged to twice the size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.portal import LEASE_MS, PATIENCE_MS

MOST_TABS = 250
LOOK_MS = 4000
"""Between two looks at a page that a worker changes: a form that was sent with the keys has its answer by then."""
WIDER = "document.documentElement.scrollWidth > window.innerWidth"
HAS_FOCUS = "one => one === document.activeElement"
SHOWS_FOCUS = """one => {
  for (let at = one, level = 0; at && level < 3; at = at.parentElement, level++) {
    const style = getComputedStyle(at);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) return true;
  }
  return false;
}"""
"""The element with the focus, or what is drawn around it, has an outline."""


@dataclass(frozen=True)
class Way:
    """`options` of the browser's context. `by_keys`: the mouse is not used. `fits`: nothing may be wider than the screen."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    by_keys: bool = False
    fits: bool = False

    def __str__(self) -> str:
        return self.name


DESK = {"width": 1280, "height": 900}
WAYS = [
    Way("keyboard", {"viewport": DESK}, by_keys=True),
    Way("without-scripts", {"viewport": DESK, "java_script_enabled": False}),
    Way("320-px", {"viewport": {"width": 320, "height": 640}}, fits=True),
    Way("zoomed-to-200", {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}, fits=True),
]


@dataclass
class Person:
    """Somebody in a window of their own, who acts in one way only."""

    page: Page
    way: Way
    wide: list[str] = field(default_factory=list)
    """The pages that were wider than the screen."""

    def open(self, address: str) -> None:
        self.page.goto(address)
        self._look()

    def press(self, target: Locator) -> None:
        """A link or a button."""
        if self.way.by_keys:
            self._reach(target)
            self.page.keyboard.press("Enter")
        else:
            target.click()
        self.page.wait_for_load_state()
        self._look()

    def fill(self, target: Locator, text: str) -> None:
        if not self.way.by_keys:
            return target.fill(text)
        self._reach(target)
        self.page.keyboard.press("Control+a")
        return self.page.keyboard.type(text)

    def tick(self, target: Locator) -> None:
        """A box, or one of several radio buttons, of which the keys reach only the chosen one and its neighbours."""
        if not self.way.by_keys:
            return target.check()
        if target.get_attribute("type") != "radio":
            self._reach(target)
            return self.page.keyboard.press("Space")
        name = target.get_attribute("name")
        self._tab_until(lambda: self.page.evaluate("document.activeElement.name") == name, f"the choices of {name}")
        for _press in range(MOST_TABS):
            if target.is_checked():
                return None
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {target}")

    def choose(self, target: Locator, label: str) -> None:
        if self.way.by_keys:
            self._reach(target)
            self.page.keyboard.type(label)
        else:
            target.select_option(label=label)

    def give(self, target: Locator, file: Any) -> None:
        if not self.way.by_keys:
            return target.set_input_files(file)
        self._reach(target)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        return chooser.value.set_files(file)

    def until(self, target: Locator) -> None:
        """Come back to the page until a worker has done its part."""
        for _look in range(LEASE_MS // LOOK_MS):
            self.page.wait_for_timeout(LOOK_MS / 2)
            if target.count():
                break
            self.page.wait_for_timeout(LOOK_MS / 2)
            self.page.reload()
        expect(target.first).to_be_visible()
        self._look()

    def _reach(self, target: Locator) -> None:
        target.wait_for()
        self.page.wait_for_load_state()
        self._tab_until(lambda: target.evaluate(HAS_FOCUS), str(target))

    def _tab_until(self, is_there: Any, what: str) -> None:
        for _press in range(MOST_TABS):
            if is_there():
                break
            self.page.keyboard.press("Tab")
        assert is_there(), f"the keys do not lead to {what} on {self.page.url}"
        assert self.page.locator(":focus").evaluate(SHOWS_FOCUS), f"no sign of the focus at {what} on {self.page.url}"

    def _look(self) -> None:
        if self.way.fits and self.page.evaluate(WIDER):
            self.wide.append(self.page.url)


@contextmanager
def person(browser: Browser, way: Way) -> Iterator[Person]:
    """Nothing they met was wider than their screen, and the console had no error."""
    context = browser.new_context(locale="nb-NO", **way.options)
    context.set_default_timeout(PATIENCE_MS)
    somebody, errors = Person(context.new_page(), way), list[str]()
    somebody.page.on("filechooser", lambda _chooser: None)  # asked for early: the first one would be missed
    somebody.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield somebody
    context.close()
    assert (somebody.wide, errors) == ([], [])
