// The first layer of a network for sparse samples. The other layers run as they do for dense ones.
#pragma once

#include "pack/csr.h"

namespace prunus {

// y (rows of x, n_out) = activation(x * w + bias), w (columns of x, n_out) being the transposed weight: row-major, or
// its entries that are not zero. On one thread the same bits as on many. O(entries of x * entries of a row of w).
template <class T>
void multiply_sparse_rows(const CsrMatrix<T>& x, const T* w, i64 n_out, const Epilogue<T>& epilogue, T* y, int threads);
template <class T>
void multiply_sparse_rows(const CsrMatrix<T>& x, const CsrMatrix<T>& w, const Epilogue<T>& epilogue, T* y, int threads);

}  // namespace prunus
