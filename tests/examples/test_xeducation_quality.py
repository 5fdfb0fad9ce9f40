"""The quality of the X Education score, beside the vendor's, is what the documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import measure_xeducation, measure_xeducation_quality


def test_the_score_beside_the_vendors_own(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_xeducation, "DATA", data_dir)
    monkeypatch.setattr(measure_xeducation_quality, "PICTURES", str(tmp_path))
    found, review = measure_xeducation_quality.main()

    areas = {name: x.area and round(x.area.value, 3) for name, x in found.items()}
    assert areas == {
        "even rows": 0.777,
        "odd rows": 0.772,
        "rows that the vendor scored": 0.772,
        "vendor's score": 0.663,  # as published with the data, on 5,022 rows
    }
    assert found["vendor's score"].total.denominator == 5022
    even = found["even rows"]
    assert even.separation is not None
    assert round(even.separation.value, 3) == 0.538
    assert even.bands is not None
    assert [(x.band, x.ratio.numerator, x.ratio.denominator) for x in even.bands.bands] == [
        ("hot", 867, 1140),
        ("warm", 542, 1426),
        ("cold", 346, 2054),
    ]
    assert even.bands.parted
    assert round(even.gains.rows()[0][7], 3) == 2.062

    # Halves of one data set: whatever differs beyond noise would be a false alarm.
    assert {x.verdict for x in review} == {"steady"}
    assert len(list(tmp_path.glob("*.svg"))) == 8
