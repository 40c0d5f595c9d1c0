"""Rules of the console's source that need no browser: what would break its security, or tire its readers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from testkit.console_api import CONSOLE

SCRIPTS = sorted(CONSOLE.rglob("*.js"))
STYLES = sorted(CONSOLE.rglob("*.css"))


def test_text_and_its_ground_contrast_enough():
    """WCAG AA: 4.5 : 1, for every pair that the styles use, in both schemes."""
    tokens = (CONSOLE / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in tokens.split("@media"))
    on = {
        "text": "ground surface sunken accent-ground good-ground warn-ground bad-ground",
        "text-soft": "ground surface sunken bad-ground",
        "accent": "ground surface sunken accent-ground",
        "good": "good-ground",
        "warn": "warn-ground",
        "bad": "bad-ground surface",
        "accent-text": "accent accent-strong",
    }
    weak = [
        (scheme, front, back)
        for scheme, colours in (("light", light), ("dark", {**light, **dark}))
        for front, grounds in on.items()
        for back in grounds.split()
        if contrast(colours[front], colours[back]) < 4.5
    ]
    assert weak == []


def contrast(front: str, back: str) -> float:
    bright, dim = sorted((luminance(front), luminance(back)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def named(path: Path) -> str:
    return str(path.relative_to(CONSOLE))


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=named)
def test_files_fit_in_the_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_make_no_html_of_strings_and_name_no_other_host(path):
    forbidden = (
        r"innerHTML\s*=|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        r"|https?://(?!www\.w3\.org/2000/svg)"
    )
    assert re.findall(forbidden, path.read_text(encoding="utf-8")) == []


def test_the_page_loads_nothing_from_elsewhere_and_holds_no_inline_code():
    html = (CONSOLE / "index.html").read_text(encoding="utf-8")
    for source in ("img-src 'self'", "media-src 'self' blob:", "connect-src 'self'"):
        html = re.sub(
            rf"{source} https:( http://127.0.0.1:\*)?;", "", html
        )  # signed links: photos, videos, uploads
    assert re.findall(r"https?://|\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html) == []
    linked = set(re.findall(r'href="(css/[^"]+)"', html))
    assert linked == {named(path) for path in STYLES}
    for path in STYLES:
        assert re.findall(r"url\(|@import", path.read_text(encoding="utf-8")) == []
