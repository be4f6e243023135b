// Selection, groups and blocks against sorting and plain loops.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "select/groups.h"
#include "select/select.h"
#include "selftest.h"

namespace selftest {
namespace {

using prunus::u8;

template <class T>
void check_remove(std::mt19937& random, i64 n, bool ties) {
  prunus::List<T> score = normal<T>(random, n);
  if (ties) {
    for (T& s : score) s = std::round(s);
  }
  prunus::List<i64> order(score.size());
  for (i64 i = 0; i < order.size(); ++i) order[i] = static_cast<i64>(i);
  const auto at = [&](i64 i) { return score[i]; };
  std::sort(order.begin(), order.end(), [&](i64 a, i64 b) { return at(a) != at(b) ? at(a) < at(b) : a > b; });
  for (const i64 n_remove : {i64{0}, i64{1}, n / 3, n * 9 / 10, n - 1, n}) {
    prunus::List<u8> expected(score.size(), 1), mask(score.size(), 7);
    for (i64 i = 0; i < n_remove; ++i) expected[order[i]] = 0;
    prunus::mask_remove<T>(kernels<T>(), {{score.data(), n, mask.data()}}, n_remove, 2);
    require(mask == expected, "mask_remove", n, n_remove);
  }
  score[score.size() / 2] = std::numeric_limits<T>::quiet_NaN();
  prunus::List<u8> mask(score.size());
  bool refused = false;
  try {
    prunus::mask_remove<T>(kernels<T>(), {{score.data(), n, mask.data()}}, n / 2, 2);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  require(refused, "mask_remove refuses NaN", n);
}

template <class T>
void check_groups(std::mt19937& random, i64 n_rows, i64 n_cols) {
  prunus::List<T> score = normal<T>(random, n_rows * n_cols);
  for (i64 i = 0; i < score.size(); i += 3) score[i] = std::round(score[i]);
  for (const i64 m : {1, 2, 4, 7, 32, 33, 100}) {
    for (const i64 n : {i64{0}, i64{1}, m / 2, m}) {
      prunus::List<u8> expected(score.size()), mask(score.size(), 7);
      for (i64 i = 0; i < score.size(); ++i) {
        const i64 row = i / n_cols * n_cols, c = i - row, begin = c / m * m;
        i64 before = 0;
        for (i64 k = begin; k < std::min(begin + m, n_cols); ++k) {
          const T other = score[row + k];
          before += other > score[i] || (other == score[i] && k < c);
        }
        expected[i] = before < n;
      }
      prunus::mask_best_of_groups(kernels<T>(), score.data(), n_rows, n_cols, n, m, mask.data(), 2);
      require(mask == expected, "mask_best_of_groups", n_cols, m);
    }
  }
  for (const prunus::BlockShape block : {prunus::BlockShape{1, 4}, {4, 1}, {3, 5}, {n_rows, n_cols}}) {
    const i64 n_down = (n_rows + block.rows - 1) / block.rows, n_along = (n_cols + block.columns - 1) / block.columns;
    prunus::List<T> sums(n_down * n_along, T(0));
    prunus::block_sums(score.data(), n_rows, n_cols, block, sums.data(), 2);
    prunus::List<u8> kept(sums.size()), mask(score.size(), 7);
    for (i64 i = 0; i < sums.size(); ++i) kept[i] = sums[i] > 0;
    prunus::spread_blocks(kept.data(), n_rows, n_cols, block, mask.data(), 2);
    prunus::List<double> totals(sums.size(), 0.0);
    for (i64 r = 0; r < n_rows; ++r) {
      for (i64 c = 0; c < n_cols; ++c) {
        const i64 i = r * n_cols + c;
        const i64 b = r / block.rows * n_along + c / block.columns;
        totals[b] += static_cast<double>(score[i]);
        require(mask[i] == kept[b], "spread_blocks", r, c);
      }
    }
    for (i64 b = 0; b < sums.size(); ++b) {
      // both round sums of at most n_rows * n_cols scores below 8
      const double bound = 8.0 * static_cast<double>(n_rows * n_cols * n_rows * n_cols) * 2.3e-16 +
                           std::abs(totals[b]) * static_cast<double>(std::numeric_limits<T>::epsilon());
      require(std::abs(static_cast<double>(sums[b]) - totals[b]) <= bound, "block_sums", n_rows, n_cols);
    }
  }
}

}  // namespace

template <class T>
void check_select(std::mt19937& random) {
  for (const i64 n : {1, 2, 17, 4096, 4097, 140000}) {
    check_remove<T>(random, n, false);
    check_remove<T>(random, n, true);
  }
  check_groups<T>(random, 1, 1);
  check_groups<T>(random, 5, 67);
  check_groups<T>(random, 70, 300);
}

template void check_select<float>(std::mt19937&);
template void check_select<double>(std::mt19937&);

}  // namespace selftest
