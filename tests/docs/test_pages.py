"""Everything that the documentation shows runs, and comes out as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import run_page
from tests.docs.generated import ROOT, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_ends_its_lines_where_its_text_ends(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
