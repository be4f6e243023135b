// Masks from scores, and onto weights.
#include <pybind11/stl.h>

#include "bindings/arrays.h"
#include "parallel.h"
#include "select/select.h"

namespace prunus {
namespace {

// Makes the masks, lets `fill` write them without the interpreter's lock, and hands them out.
template <class T, class Fill>
std::vector<MaskArray> masks_for(const std::vector<Array<T>>& scores, Fill&& fill) {
  std::vector<MaskArray> masks;
  std::vector<ScoreArray<T>> arrays;
  for (const Array<T>& score : scores) {
    masks.push_back(empty_like<bool>(score));
    arrays.push_back({score.data(), score.size(), mutable_bytes_of(masks.back())});
  }
  py::gil_scoped_release release;
  fill(arrays);
  return masks;
}

template <class T>
std::vector<MaskArray> threshold(const std::vector<Array<T>>& scores, T value, int threads) {
  return masks_for(scores, [&](const auto& arrays) { mask_threshold(arrays, value, threads); });
}

template <class T>
std::vector<MaskArray> remove(const std::vector<Array<T>>& scores, i64 n_remove, int threads) {
  i64 n = 0;
  for (const Array<T>& score : scores) n += score.size();
  require(n_remove >= 0 && n_remove <= n, "n_remove: expected a number from 0 to the number of scores");
  return masks_for(scores, [&](const auto& arrays) { mask_remove(arrays, n_remove, threads); });
}

template <class T>
Array<T> apply_mask(const Array<T>& w, const MaskArray& mask, int threads) {
  require_same_shape(w, mask);
  Array<T> out = empty_like<T>(w);
  const T* in = w.data();
  const u8* keep = bytes_of(mask);
  T* to = out.mutable_data();
  const i64 n = w.size();
  const Kernels<T>& kernels = active_target().kernels<T>();
  py::gil_scoped_release release;
  parallel_chunks(n, threads,
                  [&](i64 begin, i64 end) { kernels.apply_mask(in + begin, keep + begin, end - begin, to + begin); });
  return out;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("mask_threshold", &threshold<T>, arg("scores").noconvert(), arg("threshold"), arg("threads"));
  m.def("mask_remove", &remove<T>, arg("scores").noconvert(), arg("n_remove"), arg("threads"));
  m.def("apply_mask", &apply_mask<T>, arg("w").noconvert(), arg("mask").noconvert(), arg("threads"));
}

}  // namespace

void register_select(py::module_& m) {
  register_type<float>(m);
  register_type<double>(m);
}

}  // namespace prunus
