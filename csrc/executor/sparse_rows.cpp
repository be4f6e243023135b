#include "executor/sparse_rows.h"

#include <algorithm>

#include "parallel.h"

namespace prunus {
namespace {

constexpr i64 kRowsAtOnce = 32;  // a thread takes so many at a time: documents are of different lengths

template <class F>
void for_rows(i64 n_rows, i64 work, int threads, F&& f) {
  parallel_for((n_rows + kRowsAtOnce - 1) / kRowsAtOnce, threads_for(work, threads),
               [&](i64 i) { f(Range{i * kRowsAtOnce, std::min(n_rows, (i + 1) * kRowsAtOnce)}); });
}

}  // namespace

template <class T>
void multiply_sparse_rows(const CsrMatrix<T>& x, const T* w, i64 n_out, const Epilogue<T>& epilogue, T* y,
                          int threads) {
  const Kernels<T>& kernels = active_target().kernels<T>();
  const Csr<T> view = x.view();
  for_rows(x.n_rows, x.n_entries() * n_out, threads,
           [&](Range rows) { kernels.sparse_rows_dense(view, rows, w, n_out, epilogue, y); });
}

template <class T>
void multiply_sparse_rows(const CsrMatrix<T>& x, const CsrMatrix<T>& w, const Epilogue<T>& epilogue, T* y,
                          int threads) {
  const Kernels<T>& kernels = active_target().kernels<T>();
  const Csr<T> view = x.view(), weight = w.view();
  for_rows(x.n_rows, x.n_entries() * (w.n_entries() / std::max<i64>(w.n_rows, 1) + 1), threads,
           [&](Range rows) { kernels.sparse_rows_sparse(view, rows, weight, epilogue, y); });
}

template void multiply_sparse_rows<float>(const CsrMatrix<float>&, const float*, i64, const Epilogue<float>&, float*,
                                          int);
template void multiply_sparse_rows<double>(const CsrMatrix<double>&, const double*, i64, const Epilogue<double>&,
                                           double*, int);
template void multiply_sparse_rows<float>(const CsrMatrix<float>&, const CsrMatrix<float>&, const Epilogue<float>&,
                                          float*, int);
template void multiply_sparse_rows<double>(const CsrMatrix<double>&, const CsrMatrix<double>&, const Epilogue<double>&,
                                           double*, int);

}  // namespace prunus
