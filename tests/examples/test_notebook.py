"""The notebook goes through both exports from its first cell to its last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import leadrules

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

PATH = Path(__file__).parents[2] / "examples" / "analyse_leads.ipynb"


def _read() -> Any:
    return nbformat.read(PATH, as_version=4)


def test_it_is_kept_without_outputs() -> None:
    cells = [cell for cell in _read().cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)


@pytest.fixture(scope="module")
def outputs(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Any]:
    notebook = _read()
    folder = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADRULES_DATA", str(data_dir))
        patch.setenv("PYTHONPATH", str(Path(leadrules.__file__).parents[1]))
        nbclient.NotebookClient(notebook, timeout=120, resources=folder).execute()
    return [found for cell in notebook.cells for found in cell.get("outputs", ())]


def _texts(outputs: Sequence[Any]) -> Iterator[str]:
    for found in outputs:
        yield found.get("text", "")
        yield found.get("data", {}).get("text/html", "")


def test_it_finds_what_is_known(outputs: Sequence[Any]) -> None:
    told = "\n".join(_texts(outputs))
    assert "842 of 8,000 leads (10.5 %, 95 % CI 9.9 to 11.2)" in told
    assert "by: 'lead_type' is known for 836 of the 842 leads that came to 'won'" in told
    assert "858 of 10,429 closed leads (8.2 %, 95 % CI 7.7 to 8.8)" in told
    assert "3,681 of 21,590 leads (17.0 %" in told
    assert "costs that match no lead: Radio (300 EUR)" in told


def test_every_picture_is_drawn(outputs: Sequence[Any]) -> None:
    asked = sum(cell.source.rstrip().endswith(".plot()") for cell in _read().cells)
    asked += sum('.plot(theme="dark")' in cell.source for cell in _read().cells)
    drawn = sum("vega-lite" in found.get("data", {}).get("text/html", "") for found in outputs)
    assert asked == drawn == 9


def test_nothing_is_warned_of(outputs: Sequence[Any]) -> None:
    assert [found.text for found in outputs if found.get("name") == "stderr"] == []
