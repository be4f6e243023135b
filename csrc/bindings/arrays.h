// How NumPy arrays cross the boundary: exact type, C order, no hidden copy. What memory safety needs is checked here;
// what an argument means was checked in Python.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>

#include "base.h"

namespace py = pybind11;

namespace prunus {

template <class T>
using Array = py::array_t<T, py::array::c_style>;
using MaskArray = Array<bool>;

static_assert(sizeof(bool) == sizeof(u8), "a NumPy bool is a byte");

inline const u8* bytes_of(const MaskArray& mask) { return reinterpret_cast<const u8*>(mask.data()); }
inline u8* mutable_bytes_of(MaskArray& mask) { return reinterpret_cast<u8*>(mask.mutable_data()); }

inline std::vector<py::ssize_t> shape_of(const py::array& array) {
  return std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim());
}

template <class T>
Array<T> empty_like(const py::array& array) {
  return Array<T>(shape_of(array));
}

inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

inline void require_same_shape(const py::array& a, const py::array& b) {
  require(shape_of(a) == shape_of(b), "expected two arrays of the same shape");
}

void register_dispatch(py::module_& m);
void register_executor(py::module_& m);
void register_pack(py::module_& m);
void register_scores(py::module_& m);
void register_select(py::module_& m);

}  // namespace prunus
