// How NumPy arrays cross the boundary: exact type, C order, no hidden copy. What memory safety needs is checked here;
// what an argument means was checked in Python.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base.h"
#include "bindings/recycler.h"

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

// A new array, in memory that is used again when the array is gone.
template <class T>
Array<T> empty(const std::vector<py::ssize_t>& shape) {
  struct Block {
    void* memory;
    std::size_t bytes;
  };
  std::size_t bytes = sizeof(T);
  for (const py::ssize_t n : shape) bytes *= static_cast<std::size_t>(n);
  auto block = std::make_unique<Block>(Block{Recycler::instance().take(bytes), bytes});
  const T* memory = static_cast<const T*>(block->memory);
  const py::capsule owner(block.release(), [](void* pointer) {
    const std::unique_ptr<Block> gone(static_cast<Block*>(pointer));
    Recycler::instance().give(gone->memory, gone->bytes);
  });
  return Array<T>(shape, memory, owner);
}

template <class T>
Array<T> empty_like(const py::array& array) {
  return empty<T>(shape_of(array));
}

inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

inline void require_same_shape(const py::array& a, const py::array& b) {
  require(shape_of(a) == shape_of(b), "expected two arrays of the same shape");
}

void register_dispatch(py::module_& m);
void register_exchange(py::module_& m);
void register_executor(py::module_& m);
void register_pack(py::module_& m);
void register_scores(py::module_& m);
void register_select(py::module_& m);
void register_solve(py::module_& m);
void register_sparse_rows(py::module_& m);

}  // namespace prunus
