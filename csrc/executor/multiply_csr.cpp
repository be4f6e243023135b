#include "executor/multiply_csr.h"

#include <algorithm>

#include "parallel.h"

namespace prunus {

// Fewer rows than a part of the packed formats has: a matrix of few rows has something for a second thread, too.
constexpr i64 kRowsAtOnce = 32;

template <class T>
void multiply_csr(const Kernels<T>& kernels, const CsrMatrix<T>& w, const T* x, i64 n, T* y, int threads) {
  const Csr<T> view = w.view();
  parallel_for(ceil_div(w.n_rows, kRowsAtOnce), threads_for((w.n_entries() + w.n_rows) * n, threads), [&](i64 i) {
    kernels.spmm_csr(view, {i * kRowsAtOnce, std::min(w.n_rows, (i + 1) * kRowsAtOnce)}, x, n, y);
  });
}

template void multiply_csr<float>(const Kernels<float>&, const CsrMatrix<float>&, const float*, i64, float*, int);
template void multiply_csr<double>(const Kernels<double>&, const CsrMatrix<double>&, const double*, i64, double*, int);

}  // namespace prunus
