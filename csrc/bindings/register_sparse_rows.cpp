// The first layer for sparse samples.
#include "bindings/arrays.h"
#include "executor/sparse_rows.h"

namespace prunus {
namespace {

template <class T>
Epilogue<T> checked_epilogue(const Array<T>& bias, i64 n_out, i32 activation, T negative_slope) {
  require(bias.ndim() == 1 && bias.size() == n_out, "bias: expected one for each column of w");
  require(activation >= 0 && activation < static_cast<i32>(Activation::count),
          "activation: expected the number of one");
  return {bias.data(), static_cast<Activation>(activation), negative_slope};
}

template <class T>
Array<T> by_dense(const CsrMatrix<T>& x, const Array<T>& w, const Array<T>& bias, i32 activation, T negative_slope,
                  int threads) {
  require(w.ndim() == 2 && w.shape(0) == x.n_cols, "w: expected a row for each column of x");
  const i64 n_out = w.shape(1);
  const Epilogue<T> epilogue = checked_epilogue(bias, n_out, activation, negative_slope);
  Array<T> out({x.n_rows, n_out});
  T* to = out.mutable_data();
  const T* weight = w.data();
  py::gil_scoped_release release;
  multiply_sparse_rows(x, weight, n_out, epilogue, to, threads);
  return out;
}

template <class T>
Array<T> by_sparse(const CsrMatrix<T>& x, const CsrMatrix<T>& w, const Array<T>& bias, i32 activation, T negative_slope,
                   int threads) {
  require(w.n_rows == x.n_cols, "w: expected a row for each column of x");
  const Epilogue<T> epilogue = checked_epilogue(bias, w.n_cols, activation, negative_slope);
  Array<T> out({x.n_rows, w.n_cols});
  T* to = out.mutable_data();
  py::gil_scoped_release release;
  multiply_sparse_rows(x, w, epilogue, to, threads);
  return out;
}

template <class T>
void register_sparse_rows_type(py::module_& m) {
  using py::arg;
  m.def("multiply_sparse_rows", &by_dense<T>, arg("x"), arg("w").noconvert(), arg("bias").noconvert(),
        arg("activation"), arg("negative_slope"), arg("threads"));
  m.def("multiply_sparse_rows", &by_sparse<T>, arg("x"), arg("w"), arg("bias").noconvert(), arg("activation"),
        arg("negative_slope"), arg("threads"));
}

}  // namespace

void register_sparse_rows(py::module_& m) {
  register_sparse_rows_type<float>(m);
  register_sparse_rows_type<double>(m);
}

}  // namespace prunus
