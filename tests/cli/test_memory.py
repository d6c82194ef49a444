"""Memory does not grow with the number of cases; `python -m bench.memory` measures the same at full size."""

import pytest

from bench.memory import peak


@pytest.mark.slow
def test_ten_times_the_cases_take_no_more_memory() -> None:
    few, many = (peak(count)[0] for count in (2_000, 20_000))
    assert many - few < 15, "MB; held in memory, 18,000 cases and verdicts would be over 100"
