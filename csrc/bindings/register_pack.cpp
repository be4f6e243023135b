// Packed weights, as opaque handles.
#include <algorithm>
#include <memory>

#include "bindings/arrays.h"
#include "pack/blocks.h"

namespace prunus {
namespace {

template <class T>
std::shared_ptr<CsrMatrix<T>> from_dense(const Array<T>& w, const py::object& mask, int threads) {
  require(w.ndim() == 2, "w: expected a two-dimensional array");
  const u8* keep = nullptr;
  MaskArray held;
  if (!mask.is_none()) {
    require(held.take(mask), "mask: expected a C-contiguous bool array");
    require_same_shape(w, held);
    keep = bytes_of(held);
  }
  const T* in = w.data();
  const i64 n_rows = w.shape(0), n_cols = w.shape(1);
  const Unlocked unlocked(2 * n_rows * n_cols);
  return std::make_shared<CsrMatrix<T>>(pack_dense(in, keep, n_rows, n_cols, unlocked.threads(threads)));
}

template <class T>
std::shared_ptr<CsrMatrix<T>> from_arrays(const Array<i64>& row_start, const Array<i32>& column, const Array<T>& value,
                                          i64 n_rows, i64 n_cols) {
  require_indices(n_rows, n_cols);
  require(row_start.ndim() == 1 && row_start.size() == n_rows + 1, "row_start: expected n_rows + 1 numbers");
  require(column.ndim() == 1 && value.ndim() == 1 && column.size() == value.size(),
          "column, value: expected two one-dimensional arrays of the same length");
  return std::make_shared<CsrMatrix<T>>(
      pack_csr(row_start.data(), column.data(), value.data(), n_rows, n_cols, value.size()));
}

template <class T>
Array<T> to_dense(const CsrMatrix<T>& matrix) {
  Array<T> out({matrix.n_rows, matrix.n_cols});
  T* to = out.mutable_data();
  const Unlocked unlocked(matrix.n_rows * matrix.n_cols);
  std::fill_n(to, matrix.n_rows * matrix.n_cols, T(0));
  unpack(matrix, to);
  return out;
}

// Not by pybind11's constructor from a pointer, which does not notice where memory lacks.
template <class T>
Array<T> array_of(const List<T>& values) {
  Array<T> array(values.size());
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

template <class T>
py::tuple to_arrays(const CsrMatrix<T>& matrix) {
  return py::make_tuple(array_of(matrix.row_start), array_of(matrix.column), array_of(matrix.value));
}

template <class T>
void register_pack_type(py::module_& m, const char* name) {
  using py::arg;
  using Matrix = CsrMatrix<T>;
  py::class_<Matrix, std::shared_ptr<Matrix>>(m, name)
      .def_static("from_dense", &from_dense<T>, arg("w").noconvert(), arg("mask"), arg("threads"))
      .def_static("from_arrays", &from_arrays<T>, arg("row_start").noconvert(), arg("column").noconvert(),
                  arg("value").noconvert(), arg("n_rows"), arg("n_cols"))
      .def("to_dense", &to_dense<T>)
      .def("to_arrays", &to_arrays<T>)
      .def_property_readonly("shape", [](const Matrix& a) { return py::make_tuple(a.n_rows, a.n_cols); })
      .def_property_readonly("nnz", &Matrix::n_entries)
      .def_property_readonly("n_blocks", [](const Matrix& a) { return count_blocks(a); });
}

}  // namespace

void register_pack(py::module_& m) {
  register_pack_type<float>(m, "CsrMatrixF32");
  register_pack_type<double>(m, "CsrMatrixF64");
}

}  // namespace prunus
