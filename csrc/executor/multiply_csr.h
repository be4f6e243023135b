// A sparse matrix times samples in columns, without panels.
#pragma once

#include "dispatch/table.h"
#include "pack/csr.h"

namespace prunus {

// y (n_rows of w, n) = w * x, x (n_cols of w, n), both row-major, not overlapping. On one thread the same bits as on
// many. O(entries * n). Throws std::bad_alloc.
template <class T>
void multiply_csr(const Kernels<T>& kernels, const CsrMatrix<T>& w, const T* x, i64 n, T* y, int threads);

}  // namespace prunus
