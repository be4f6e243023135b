// Products without panels: networks for sparse samples, and a sparse matrix for samples in columns.
#include <pybind11/stl.h>

#include <array>
#include <optional>

#include "bindings/arrays.h"
#include "executor/sparse_columns.h"
#include "executor/sparse_rows.h"

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
  require(activation >= 0 && activation < static_cast<i32>(Activation::count),
          "activation: expected the number of one");
  require(whole != nullptr, "whole: expected the executor of all layers");
  SparseRowsLayer<T> first;
  Array<T> dense;
  if (dense.take(w)) {
    require(dense.ndim() == 2 && dense.shape(1) == bias.size(), "w: expected the shape (n_in, n_out)");
    first.weight = std::vector<T>(dense.data(), dense.data() + dense.size());
  } else {
    first.weight = *w.cast<std::shared_ptr<CsrMatrix<T>>>();
  }
  first.bias.assign(bias.data(), bias.data() + bias.size());
  first.activation = static_cast<Activation>(activation);
  first.negative_slope = negative_slope;
  std::vector<u8> is_read;
  if (read) {
    require(read->ndim() == 1, "read: expected a one-dimensional array");
    is_read.assign(bytes_of(*read), bytes_of(*read) + read->size());
  }
  return std::make_unique<SparseExecutor<T>>(std::move(first), whole, rest, SparseCosts{costs[0], costs[1], costs[2]},
                                             std::move(is_read));
}

// A copy of SciPy's arrays, as the executor takes them, if they are plain, and rows have their columns once and in
// order.
template <class T>
std::optional<CsrMatrix<T>> canonical(const SparseExecutor<T>& executor, const py::object& row_start,
                                      const py::object& column, const py::object& value) {
  if (!is_plain<T>(value, 1)) return {};
  const auto values = py::reinterpret_borrow<Array<T>>(value);
  const auto taken = [&](auto index) -> std::optional<CsrMatrix<T>> {
    const auto starts = py::reinterpret_borrow<Array<decltype(index)>>(row_start);
    const auto columns = py::reinterpret_borrow<Array<decltype(index)>>(column);
    if (starts.size() < 1 || columns.size() != values.size()) return {};
    return take_csr(starts.data(), columns.data(), values.data(), starts.size() - 1, executor.n_in(), values.size(),
                    executor.read());
  };
  if (is_plain<i32>(row_start, 1) && is_plain<i32>(column, 1)) return taken(i32{});
  if (is_plain<i64>(row_start, 1) && is_plain<i64>(column, 1)) return taken(i64{});
  return {};
}

// The output, new or in `given`, for samples in the three arrays of compressed sparse rows; None if these are not
// plain, not in order, or of other columns: what is wrong with them, and what can be done, is for Python to say. So is
// the number of threads, if it is 0 and the samples are enough work for two.
template <class T>
py::object run_sparse(const SparseExecutor<T>& executor, const py::object& row_start, const py::object& column,
                      const py::object& value, const py::object& given, int threads) {
  const std::optional<CsrMatrix<T>> x = canonical<T>(executor, row_start, column, value);
  if (!x || (threads == 0 && !executor.is_small(x->n_rows, x->n_entries()))) return py::none();
  Array<T> out;
  if (given.is_none()) {
    out = Array<T>({x->n_rows, executor.n_out()});
  } else {
    if (!is_plain<T>(given, 2)) return py::none();
    out = py::reinterpret_borrow<Array<T>>(given);
    const bool fits = out.shape(0) == x->n_rows && out.shape(1) == executor.n_out();
    if (!fits || !out.writeable() || !are_apart(py::reinterpret_borrow<Array<T>>(value), out)) return py::none();
  }
  T* to = out.mutable_data();
  {
    py::gil_scoped_release release;
    executor.run(*x, to, threads > 0 ? threads : 1);
  }
  return std::move(out);  // with the lock: to return it as another type may count a reference
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
  py::gil_scoped_release release;
  multiply_csr(w, in, n, to, threads);
}

template <class T>
void register_sparse_rows_type(py::module_& m, const std::string& suffix) {
  using py::arg;
  py::class_<SparseExecutor<T>>(m, ("SparseExecutor" + suffix).c_str())
      .def(py::init(&make_sparse_executor<T>), arg("w"), arg("bias").noconvert(), arg("activation"),
           arg("negative_slope"), arg("whole"), arg("rest"), arg("costs"), arg("read").noconvert())
      .def("run", &run_sparse<T>, arg("row_start"), arg("column"), arg("value"), arg("out"), arg("threads"));
  m.def("multiply_csr", &by_columns<T>, arg("w"), arg("x").noconvert(), arg("out").noconvert(), arg("threads"));
}

}  // namespace

void register_sparse_rows(py::module_& m) {
  register_sparse_rows_type<float>(m, "F32");
  register_sparse_rows_type<double>(m, "F64");
}

}  // namespace prunus
