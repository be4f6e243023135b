"""What is computed: one file for each case, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from bench.cases.base import Case
from bench.cases.few_samples import FewSamplesCase
from bench.cases.mask import MaskCase
from bench.cases.mlp import MlpCase
from bench.cases.pipeline import PipelineCase
from bench.cases.prune import PruneCase
from bench.cases.regression_path import RegressionPathCase
from bench.cases.regression_validation import RegressionValidationCase
from bench.cases.regression_wide import RegressionWideCase
from bench.cases.score import ScoreCase
from bench.cases.sparse_matrix import SparseMatrixCase
from bench.cases.sparse_samples import SparseSamplesCase
from bench.cases.surgery import SurgeryCase

CASES: Mapping[str, type[Case]] = {
    "few-samples": FewSamplesCase,
    "mask": MaskCase,
    "mlp": MlpCase,
    "pipeline": PipelineCase,
    "prune": PruneCase,
    "regression-path": RegressionPathCase,
    "regression-validation": RegressionValidationCase,
    "regression-wide": RegressionWideCase,
    "score": ScoreCase,
    "sparse-matrix": SparseMatrixCase,
    "sparse-samples": SparseSamplesCase,
    "surgery": SurgeryCase,
}

__all__ = ["CASES", "Case"]
