#include "executor/sparse_columns.h"

#include "dispatch/cpu.h"
#include "parallel.h"

namespace prunus {

template <class T>
void multiply_csr(const CsrMatrix<T>& w, const T* x, i64 n, T* y, int threads) {
  const Kernels<T>& kernels = active_target().kernels<T>();
  const Csr<T> view = w.view();
  parallel_for(n_parts(w.n_rows), threads_for((w.n_entries() + w.n_rows) * n, threads),
               [&](i64 part) { kernels.spmm_csr(view, rows_of_part(w.n_rows, part), x, n, y); });
}

template void multiply_csr<float>(const CsrMatrix<float>&, const float*, i64, float*, int);
template void multiply_csr<double>(const CsrMatrix<double>&, const double*, i64, double*, int);

}  // namespace prunus
