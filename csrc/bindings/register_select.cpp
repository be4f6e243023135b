// Masks from scores, and onto weights.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/arrays.h"
#include "parallel.h"
#include "select/groups.h"
#include "select/lamp.h"
#include "select/select.h"

namespace prunus {
namespace {

// Makes the masks, lets `fill` write them without the interpreter's lock, and hands them out.
template <class T, class Fill>
std::vector<MaskArray> masks_for(const std::vector<Array<T>>& scores, Fill&& fill) {
  std::vector<MaskArray> masks;
  List<ScoreArray<T>> arrays;
  i64 n = 0;
  for (const Array<T>& score : scores) {
    n += score.size();
    masks.push_back(empty_like<bool>(score));
    arrays.push_back({score.data(), score.size(), mutable_bytes_of(masks.back())});
  }
  const Unlocked unlocked(4 * n);
  fill(arrays, unlocked);
  return masks;
}

template <class T>
std::vector<MaskArray> threshold(const std::vector<Array<T>>& scores, T value, int threads) {
  return masks_for(scores, [&](const auto& arrays, const Unlocked& unlocked) {
    mask_threshold(kernels_in_use<T>(), arrays, value, unlocked.threads(threads));
  });
}

template <class T>
std::vector<MaskArray> remove(const std::vector<Array<T>>& scores, i64 n_remove, int threads) {
  i64 n = 0;
  for (const Array<T>& score : scores) n += score.size();
  require(n_remove >= 0 && n_remove <= n, "n_remove: expected a number from 0 to the number of scores");
  return masks_for(scores, [&](const auto& arrays, const Unlocked& unlocked) {
    mask_remove(kernels_in_use<T>(), arrays, n_remove, unlocked.threads(threads));
  });
}

template <class T>
MaskArray best_of_groups(const Array<T>& scores, i64 n, i64 m, int threads) {
  require(scores.ndim() == 2 && n >= 0 && m >= 1, "expected a matrix and n of m");
  MaskArray mask = empty_like<bool>(scores);
  const T* from = scores.data();
  u8* to = mutable_bytes_of(mask);
  const i64 n_rows = scores.shape(0), n_cols = scores.shape(1);
  const Unlocked unlocked(std::min(m, kLargestGroup) * n_rows * n_cols);
  if (n_cols > 0) mask_best_of_groups(kernels_in_use<T>(), from, n_rows, n_cols, n, m, to, unlocked.threads(threads));
  return mask;
}

BlockShape checked_block(i64 rows, i64 columns) {
  require(rows >= 1 && columns >= 1, "expected blocks of at least one row and one column");
  return {rows, columns};
}

template <class T>
Array<T> sums_of_blocks(const Array<T>& scores, i64 rows, i64 columns, int threads) {
  const BlockShape block = checked_block(rows, columns);
  require(scores.ndim() == 2, "expected a matrix");
  const i64 n_rows = scores.shape(0), n_cols = scores.shape(1);
  Array<T> out = empty<T>({ceil_div(n_rows, rows), ceil_div(n_cols, columns)});
  const T* from = scores.data();
  T* to = out.mutable_data();
  const Unlocked unlocked(n_rows * n_cols);
  block_sums(from, n_rows, n_cols, block, to, unlocked.threads(threads));
  return out;
}

MaskArray mask_of_blocks(const MaskArray& kept, i64 rows, i64 columns, i64 n_rows, i64 n_cols, int threads) {
  const BlockShape block = checked_block(rows, columns);
  require(n_rows >= 1 && n_cols >= 1 && kept.ndim() == 2 && kept.shape(0) == ceil_div(n_rows, rows) &&
              kept.shape(1) == ceil_div(n_cols, columns),
          "expected one for each block of the matrix");
  MaskArray mask = empty<bool>({n_rows, n_cols});
  const u8* from = bytes_of(kept);
  u8* to = mutable_bytes_of(mask);
  const Unlocked unlocked(n_rows * n_cols);
  spread_blocks(from, n_rows, n_cols, block, to, unlocked.threads(threads));
  return mask;
}

constexpr i64 kLampCycles = 100000;  // of an array, whatever its size: scores are counted in bins

template <class T>
std::vector<i64> lamp(const std::vector<Array<T>>& scores, i64 n_remove, int threads) {
  i64 n = 0;
  List<Scores<T>> arrays;
  for (const Array<T>& score : scores) {
    arrays.push_back({score.data(), score.size()});
    n += score.size();
  }
  require(n_remove >= 0 && n_remove <= n, "n_remove: expected a number from 0 to the number of scores");
  const Unlocked unlocked(20 * n + kLampCycles * arrays.size());
  return lamp_counts(arrays, n_remove, unlocked.threads(threads));
}

template <class T>
py::tuple cut(const Array<T>& scores, const MaskArray& mask) {
  require_same_shape(scores, mask);
  const Cut<T> found = cut_of(scores.data(), bytes_of(mask), scores.size());
  return py::make_tuple(found.highest_removed, found.lowest_kept);
}

template <class T>
Array<T> apply_mask(const Array<T>& w, const MaskArray& mask, int threads) {
  require_same_shape(w, mask);
  Array<T> out = empty_like<T>(w);
  const T* in = w.data();
  const u8* keep = bytes_of(mask);
  T* to = out.mutable_data();
  const i64 n = w.size();
  const Kernels<T>& kernels = kernels_in_use<T>();
  const Unlocked unlocked(n);
  parallel_chunks(n, unlocked.threads(threads),
                  [&](i64 begin, i64 end) { kernels.apply_mask(in + begin, keep + begin, end - begin, to + begin); });
  return out;
}

template <class T>
void register_select_type(py::module_& m) {
  using py::arg;
  m.def("mask_threshold", &threshold<T>, arg("scores").noconvert(), arg("threshold"), arg("threads"));
  m.def("mask_remove", &remove<T>, arg("scores").noconvert(), arg("n_remove"), arg("threads"));
  m.def("mask_best_of_groups", &best_of_groups<T>, arg("scores").noconvert(), arg("n"), arg("m"), arg("threads"));
  m.def("block_sums", &sums_of_blocks<T>, arg("scores").noconvert(), arg("rows"), arg("columns"), arg("threads"));
  m.def("lamp_counts", &lamp<T>, arg("scores").noconvert(), arg("n_remove"), arg("threads"));
  m.def("cut_of", &cut<T>, arg("scores").noconvert(), arg("mask").noconvert());
  m.def("apply_mask", &apply_mask<T>, arg("w").noconvert(), arg("mask").noconvert(), arg("threads"));
}

}  // namespace

void register_select(py::module_& m) {
  register_select_type<float>(m);
  register_select_type<double>(m);
  using py::arg;
  m.def("spread_blocks", &mask_of_blocks, arg("kept").noconvert(), arg("rows"), arg("columns"), arg("n_rows"),
        arg("n_cols"), arg("threads"));
}

}  // namespace prunus
