// Elementwise scores and reductions.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "bindings/arrays.h"
#include "parallel.h"

namespace prunus {
namespace {

template <class T>
Array<T> absolute(const Array<T>& a, int threads) {
  Array<T> out = empty_like<T>(a);
  const T* in = a.data();
  T* to = out.mutable_data();
  const i64 n = a.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  const Unlocked unlocked(n);
  parallel_chunks(n, unlocked.threads(threads),
                  [&](i64 begin, i64 end) { kernels.absolute(in + begin, end - begin, to + begin); });
  return out;
}

template <class T>
Array<T> absolute_product(const Array<T>& a, const Array<T>& b, int threads) {
  require_same_shape(a, b);
  Array<T> out = empty_like<T>(a);
  const T* left = a.data();
  const T* right = b.data();
  T* to = out.mutable_data();
  const i64 n = a.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  const Unlocked unlocked(n);
  parallel_chunks(n, unlocked.threads(threads), [&](i64 begin, i64 end) {
    kernels.absolute_product(left + begin, right + begin, end - begin, to + begin);
  });
  return out;
}

template <class T>
bool all_finite(const Array<T>& a, int threads) {
  const T* in = a.data();
  const i64 n = a.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  std::atomic<bool> bad{false};
  const Unlocked unlocked(n);
  parallel_chunks(n, unlocked.threads(threads), [&](i64 begin, i64 end) {
    if (!kernels.all_finite(in + begin, end - begin)) bad.store(true);
  });
  return !bad.load();
}

template <class T>
i64 count_nonzero(const Array<T>& a, int threads) {
  const T* in = a.data();
  const i64 n = a.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  std::atomic<i64> count{0};
  const Unlocked unlocked(n);
  parallel_chunks(n, unlocked.threads(threads),
                  [&](i64 begin, i64 end) { count += kernels.count_nonzero(in + begin, end - begin); });
  return count.load();
}

template <class T>
Array<double> column_dot(const Array<T>& a, const Array<T>& b, bool take_absolute, int threads) {
  require(a.ndim() == 2, "expected two-dimensional arrays");
  require_same_shape(a, b);
  const i64 n_rows = a.shape(0), n_cols = a.shape(1);
  Array<double> out(n_cols);
  const T* left = a.data();
  const T* right = b.data();
  double* to = out.mutable_data();
  const Kernels<T>& kernels = kernels_in_use<T>();
  constexpr i64 kColumns = 256;  // a stripe whose sums stay in L1
  const Unlocked unlocked(n_rows * n_cols);
  parallel_for(ceil_div(n_cols, kColumns), unlocked.threads(threads), [&](i64 i) {
    const Range columns = {i * kColumns, std::min((i + 1) * kColumns, n_cols)};
    std::fill(to + columns.begin, to + columns.end, 0.0);
    kernels.column_dot({left, n_cols, n_rows}, {right, n_cols}, columns, take_absolute, to);
  });
  return out;
}

template <class T>
Array<T> activate(const Array<T>& a, i32 activation, T negative_slope, int threads) {
  require(activation >= 0 && activation < static_cast<i32>(Activation::count), "expected the number of an activation");
  Array<T> out = empty_like<T>(a);
  const T* in = a.data();
  T* to = out.mutable_data();
  const i64 n = a.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  const Unlocked unlocked(4 * n);
  parallel_chunks(n, unlocked.threads(threads), [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) to[i] = in[i];
    kernels.activate(to + begin, end - begin, static_cast<Activation>(activation), negative_slope);
  });
  return out;
}

template <class T>
void register_scores_type(py::module_& m) {
  using py::arg;
  m.def("absolute", &absolute<T>, arg("a").noconvert(), arg("threads"));
  m.def("absolute_product", &absolute_product<T>, arg("a").noconvert(), arg("b").noconvert(), arg("threads"));
  m.def("all_finite", &all_finite<T>, arg("a").noconvert(), arg("threads"));
  m.def("count_nonzero", &count_nonzero<T>, arg("a").noconvert(), arg("threads"));
  m.def("column_dot", &column_dot<T>, arg("a").noconvert(), arg("b").noconvert(), arg("take_absolute"), arg("threads"));
  m.def("activate", &activate<T>, arg("a").noconvert(), arg("activation"), arg("negative_slope"), arg("threads"));
}

Array<double> complementary_error(const Array<double>& a, int threads) {
  Array<double> out = empty_like<double>(a);
  const double* in = a.data();
  double* to = out.mutable_data();
  const i64 n = a.size();
  const Unlocked unlocked(20 * n);
  parallel_chunks(n, unlocked.threads(threads), [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) to[i] = std::erfc(in[i]);
  });
  return out;
}

}  // namespace

void register_scores(py::module_& m) {
  register_scores_type<float>(m);
  register_scores_type<double>(m);
  m.def("erfc", &complementary_error, py::arg("a").noconvert(), py::arg("threads"));
}

}  // namespace prunus
