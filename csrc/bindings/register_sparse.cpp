// Products without panels: networks for sparse samples, and a sparse matrix for samples in columns.
#include <pybind11/stl.h>

#include <array>

#include "bindings/layers.h"
#include "executor/multiply_csr.h"
#include "executor/sparse_executor.h"

namespace prunus {
namespace {

template <class T>
using SharedExecutor = std::shared_ptr<Executor<T>>;

// w: the first layer's weight transposed, an array or its entries that are not zero.
template <class T>
std::unique_ptr<SparseExecutor<T>> make_sparse_executor(const py::object& w, const Array<T>& bias, i32 activation,
                                                        T negative_slope, const SharedExecutor<T>& whole,
                                                        const SharedExecutor<T>& rest,
                                                        const std::array<double, 3>& costs,
                                                        const std::optional<MaskArray>& read) {
  require(bias.ndim() == 1, "bias: expected a one-dimensional array");
  require(whole != nullptr, "whole: expected the executor of all layers");
  SparseRowsLayer<T> first;
  Array<T> dense;
  if (dense.take(w)) {
    require(dense.ndim() == 2 && dense.shape(1) == bias.size(), "w: expected the shape (n_in, n_out)");
    first.weight = List<T>(dense.data(), dense.data() + dense.size());
  } else {
    const auto entries = w.cast<std::shared_ptr<CsrMatrix<T>>>();
    require(entries != nullptr, "w: expected an array or its entries");
    first.weight = *entries;
  }
  first.bias.assign(bias.data(), bias.data() + bias.size());
  first.activation = activation_of(activation);
  first.negative_slope = negative_slope;
  return std::make_unique<SparseExecutor<T>>(kernels_in_use<T>(), std::move(first), whole, rest,
                                             SparseCosts{costs[0], costs[1], costs[2]}, flags_of(read));
}

template <class T, class Index>
py::object run_indexed(const SparseExecutor<T>& executor, const py::object& row_start, const py::object& column,
                       const py::object& value, const py::object& given, int threads) {
  if (!is_plain<Index>(row_start, 1) || !is_plain<Index>(column, 1) || !is_plain<T>(value, 1)) return py::none();
  const auto starts = py::reinterpret_borrow<Array<Index>>(row_start);
  const auto columns = py::reinterpret_borrow<Array<Index>>(column);
  const auto values = py::reinterpret_borrow<Array<T>>(value);
  const i64 n = starts.size() - 1;
  if (n < 0 || columns.size() != values.size()) return py::none();
  if (threads == 0 && !executor.is_small(n, values.size())) return py::none();
  Array<T> out;
  if (given.is_none()) {
    out = Array<T>({n, executor.n_out()});
  } else {
    if (!is_plain<T>(given, 2)) return py::none();
    out = py::reinterpret_borrow<Array<T>>(given);
    const bool fits = out.shape(0) == n && out.shape(1) == executor.n_out() && out.writeable();
    if (!fits || !are_apart(values, out) || !are_apart(columns, out) || !are_apart(starts, out)) return py::none();
  }
  const auto x =
      take_csr(starts.data(), columns.data(), values.data(), n, executor.n_in(), values.size(), executor.read());
  if (!x) return py::none();
  T* to = out.mutable_data();
  {
    const Unlocked unlocked(executor.cycles(n, x->n_entries()));
    executor.run(*x, to, unlocked.threads(threads > 0 ? threads : 1));
  }
  return out;  // with the lock: to return it as another type may count a reference
}

// The output, new or in `given`, for samples in the three arrays of compressed sparse rows, indices of either width;
// None if these are not plain, rows have not their columns once and in order, or there are others: what is wrong, and
// what can be done, is for Python to say. So is the number of threads, if it is 0 and the samples are enough work for
// two.
template <class T>
py::object run_sparse(const SparseExecutor<T>& executor, const py::object& row_start, const py::object& column,
                      const py::object& value, const py::object& given, int threads) {
  if (is_plain<i32>(row_start, 1)) return run_indexed<T, i32>(executor, row_start, column, value, given, threads);
  return run_indexed<T, i64>(executor, row_start, column, value, given, threads);
}

template <class T>
void by_columns(const CsrMatrix<T>& w, const Array<T>& x, Array<T>& out, int threads) {
  require(x.ndim() == 2 && x.shape(0) == w.n_cols, "x: expected a row for each column of w");
  require(out.ndim() == 2 && out.shape(0) == w.n_rows && out.shape(1) == x.shape(1),
          "out: expected a row for each of w, and a column for each of x");
  require(are_apart(x, out), "out: expected not to overlap x");
  const T* in = x.data();
  T* to = out.mutable_data();  // throws if out is read-only
  const i64 n = x.shape(1);
  const Unlocked unlocked((w.n_entries() + w.n_rows) * n);
  multiply_csr(kernels_in_use<T>(), w, in, n, to, unlocked.threads(threads));
}

template <class T>
void register_sparse_type(py::module_& m, const std::string& suffix) {
  using py::arg;
  py::class_<SparseExecutor<T>>(m, ("SparseExecutor" + suffix).c_str())
      .def(py::init(&make_sparse_executor<T>), arg("w"), arg("bias").noconvert(), arg("activation"),
           arg("negative_slope"), arg("whole"), arg("rest"), arg("costs"), arg("read").noconvert())
      .def("run", &run_sparse<T>, arg("row_start"), arg("column"), arg("value"), arg("out"), arg("threads"));
  m.def("multiply_csr", &by_columns<T>, arg("w"), arg("x").noconvert(), arg("out").noconvert(), arg("threads"));
}

}  // namespace

void register_sparse(py::module_& m) {
  register_sparse_type<float>(m, "F32");
  register_sparse_type<double>(m, "F64");
}

}  // namespace prunus
