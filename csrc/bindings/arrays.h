// How NumPy arrays cross the boundary: exact type, C order, no hidden copy. What memory safety needs is checked here;
// what an argument means was checked in Python.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base.h"
#include "bindings/recycler.h"
#include "dispatch/cpu.h"
#include "interrupt.h"

namespace py = pybind11;

namespace prunus {

// Those of the target in use: nothing below asks which that is.
template <class T>
const Kernels<T>& kernels_in_use() {
  return active_target().kernels<T>();
}

// Work of so many cycles at least is done without the interpreter's lock. To get it back can take 5 ms where another
// thread computes in Python: for 10 us of work that is not worth it.
constexpr double kCyclesToUnlock = 30000;

// While it lives the interpreter's lock is not held, if what is done meanwhile takes so many cycles. The number may be
// rough, but must grow with the work.
class Unlocked {
 public:
  explicit Unlocked(double cycles) {
    if (cycles >= kCyclesToUnlock) release_.emplace();
  }
  explicit Unlocked(i64 cycles) : Unlocked(static_cast<double>(cycles)) {}

  // As many as may work: who keeps the lock waits for no other thread.
  int threads(int wanted) const { return release_ ? wanted : 1; }

 private:
  std::optional<py::gil_scoped_release> release_;
};

// A signal that Python has a handler for, such as Ctrl-C, while work goes on without the interpreter's lock. The thread
// that made it looks for one, twenty times a second at most: to get the lock may take 5 ms. The others see what it
// found.
class Signal final : public Interrupt {
 public:
  bool is_asked() noexcept override {
    const bool looks = std::this_thread::get_id() == caller_ && !is_asked_.load(std::memory_order_relaxed);
    if (const auto now = Clock::now(); looks && now >= next_) {
      next_ = now + std::chrono::milliseconds(50);
      const py::gil_scoped_acquire lock;
      if (PyErr_CheckSignals() != 0) is_asked_.store(true, std::memory_order_relaxed);
    }
    return is_asked_.load(std::memory_order_relaxed);
  }

  // With the interpreter's lock, when all is done: throws what the handler raised.
  void rethrow() const {
    if (is_asked_.load()) throw py::error_already_set();
  }

 private:
  using Clock = std::chrono::steady_clock;

  const std::thread::id caller_ = std::this_thread::get_id();
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(50);
  std::atomic<bool> is_asked_{false};
};

inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

// Of exactly this type, in C order. What Python hands over is used in place or refused, never converted.
template <class T>
class Array : public py::array_t<T, py::array::c_style> {
 public:
  using py::array_t<T, py::array::c_style>::array_t;

  // Becomes the source, if that is such an array, and returns whether it is. Throws std::invalid_argument if it begins
  // where loads of the type may not: numpy.frombuffer makes such arrays.
  bool take(const py::handle& source) {
    if (!Array::check_(source)) return false;
    *this = py::reinterpret_borrow<Array>(source);
    require((this->flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0,
            "expected arrays whose elements are aligned, as numpy.require(a, requirements='A') has them");
    return true;
  }
};
using MaskArray = Array<bool>;

// A plain array of T with so many dimensions that can be used in place. Not one of a class of its own, such as one with
// a mask.
template <class T>
bool is_plain(const py::handle& x, py::ssize_t n_dims) {
  const auto& numpy = py::detail::npy_api::get();
  if (static_cast<void*>(Py_TYPE(x.ptr())) != static_cast<void*>(numpy.PyArray_Type_)) return false;
  const py::array array = py::reinterpret_borrow<py::array>(x);
  constexpr int kUsable = int{py::array::c_style} | int{py::detail::npy_api::NPY_ARRAY_ALIGNED_};
  const py::dtype dtype = array.dtype();
  return array.ndim() == n_dims && (array.flags() & kUsable) == kUsable &&
         dtype.num() == py::detail::npy_format_descriptor<T>::value && dtype.byteorder() == '=';
}

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
    explicit Block(std::size_t n) : memory(Recycler::instance().take(n)), bytes(n) {}
    ~Block() { Recycler::instance().give(memory, bytes); }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    void* const memory;
    const std::size_t bytes;
  };
  std::size_t bytes = sizeof(T);
  for (const py::ssize_t n : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::size_t>(n), &bytes)) throw std::bad_alloc();
  }
  auto block = std::make_unique<Block>(bytes);
  const py::capsule owner(block.get(), [](void* pointer) { delete static_cast<Block*>(pointer); });
  return Array<T>(shape, static_cast<const T*>(block.release()->memory), owner);
}

template <class T>
Array<T> empty_like(const py::array& array) {
  return empty<T>(shape_of(array));
}

// Whether two arrays in C order share no byte.
inline bool are_apart(const py::array& a, const py::array& b) {
  const auto begin = [](const py::array& array) { return static_cast<const u8*>(array.data()); };
  return begin(a) + a.nbytes() <= begin(b) || begin(b) + b.nbytes() <= begin(a);
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
void register_sparse(py::module_& m);

}  // namespace prunus

template <class T>
struct pybind11::detail::pyobject_caster<prunus::Array<T>> {
  PYBIND11_TYPE_CASTER(prunus::Array<T>, handle_type_name<py::array_t<T>>::name);
  bool load(handle source, bool) { return value.take(source); }
  static handle cast(const handle& source, return_value_policy, handle) { return source.inc_ref(); }
};
