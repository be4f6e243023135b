"""The run of scikit-learn's own tests on our estimators: its substitutes, and that what differs is found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from bench import conformance

SUITE = "SequentialFeatureSelector"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return conformance.run(conformance.SUITES[SUITE])


def test_scikit_learns_tests_pass_or_differ_for_a_reason(rows: list[dict[str, Any]]) -> None:
    passed = [row for row in rows if row["outcome"] == "passed"]
    assert "test_cv_generator_support" in map(conformance.name_of, passed)
    failed = {conformance.name_of(row): conformance.reason_of(row) for row in rows if row["outcome"] == "failed"}
    assert "test_nan_support" in failed
    assert None not in failed.values()


def test_what_is_not_explained_is_an_error(
    rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "page.md"
    monkeypatch.setattr(conformance, "run", lambda _: rows)
    monkeypatch.setattr(sys, "argv", ["conformance", "--suite", SUITE, "--output", str(output)])
    conformance.main()
    assert f"- {SUITE}, `test_nan_support` (1): NaN in X is refused" in output.read_text()
    other = [{**row, "message": "CollinearError"} if "nan_support" in row["test"] else row for row in rows]
    monkeypatch.setattr(conformance, "run", lambda _: other)
    with pytest.raises(SystemExit, match=r"fail without a reason: .*'test_nan_support'"):
        conformance.main()
    monkeypatch.setattr(conformance, "run", lambda _: [])
    with pytest.raises(SystemExit, match=r"suites without a test: .*'SequentialFeatureSelector'"):
        conformance.main()
