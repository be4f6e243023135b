#include "select/groups.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>

#include "list.h"
#include "parallel.h"

namespace prunus {
namespace {

// Scores of some rows that a thread takes at a time.
i64 rows_at_once(i64 n_cols) { return std::max<i64>(1, kChunk / n_cols); }

// One past the last of piece i, which may be smaller.
i64 end_of(i64 i, i64 size, i64 n) { return n - i * size < size ? n : (i + 1) * size; }

// f(first row, one past the last) for pieces of [0, n_rows).
template <class F>
void parallel_rows(i64 n_rows, i64 n_cols, int threads, F&& f) {
  const i64 step = rows_at_once(n_cols);
  parallel_for(ceil_div(n_rows, step), threads, [&](i64 i) { f(i * step, end_of(i, step, n_rows)); });
}

// One group too large to compare every two of it. Of its scores a copy: an order that another thread changes, by
// writing to them, would lead out of the array.
template <class T>
void keep_best(const T* from, i64 size, i64 n, u8* mask) {
  const List<T> score(from, from + size);
  List<i64> order(size);
  std::iota(order.begin(), order.end(), i64{0});
  const auto first = [&](i64 a, i64 b) {
    const T left = score[a], right = score[b];
    return left != right ? left > right : a < b;
  };
  const auto end = order.begin() + std::min(n, size);
  if (end != order.end()) std::nth_element(order.begin(), end, order.end(), first);
  std::fill(mask, mask + size, u8{0});
  std::for_each(order.begin(), end, [mask](i64 i) { mask[i] = 1; });
}

template <class T>
void keep_best_of_row(const T* score, i64 n_cols, i64 n, i64 m, u8* mask) {
  for (i64 begin = 0; begin < n_cols; begin += m) {
    keep_best(score + begin, std::min(m, n_cols - begin), n, mask + begin);
  }
}

}  // namespace

template <class T>
void mask_best_of_groups(const Kernels<T>& kernels, const T* score, i64 n_rows, i64 n_cols, i64 n, i64 m, u8* mask,
                         int threads) {
  const i64 n_whole = n_cols / m, rest = n_cols % m;
  std::atomic<bool> nan{false};
  parallel_rows(n_rows, n_cols, threads, [&](i64 begin, i64 end) {
    const T* from = score + begin * n_cols;
    u8* to = mask + begin * n_cols;
    if (kernels.any_nan(from, (end - begin) * n_cols)) {
      nan.store(true);
    } else if (m > kLargestGroup) {
      for (i64 r = 0; r < end - begin; ++r) keep_best_of_row(from + r * n_cols, n_cols, n, m, to + r * n_cols);
    } else if (rest == 0) {  // no group knows where a row ends
      kernels.keep_best_of_groups(from, (end - begin) * n_whole, n, m, to);
    } else {
      for (i64 r = 0; r < end - begin; ++r, from += n_cols, to += n_cols) {
        kernels.keep_best_of_groups(from, n_whole, n, m, to);
        kernels.keep_best_of_groups(from + n_whole * m, 1, n, rest, to + n_whole * m);
      }
    }
  });
  if (nan.load()) throw std::invalid_argument("scores: expected numbers, got NaN");
}

template <class T>
void block_sums(const T* score, i64 n_rows, i64 n_cols, BlockShape block, T* out, int threads) {
  const i64 n_down = ceil_div(n_rows, block.rows), n_along = ceil_div(n_cols, block.columns);
  parallel_for(n_down, threads_for(n_rows * n_cols, threads), [&](i64 i) {
    List<double> sum(n_cols, 0.0);
    for (i64 r = i * block.rows; r < end_of(i, block.rows, n_rows); ++r) {
      for (i64 c = 0; c < n_cols; ++c) sum[c] += static_cast<double>(score[r * n_cols + c]);
    }
    for (i64 j = 0; j < n_along; ++j) {
      const auto begin = sum.begin() + j * block.columns, end = sum.begin() + end_of(j, block.columns, n_cols);
      out[i * n_along + j] = static_cast<T>(std::accumulate(begin, end, 0.0));
    }
  });
}

void spread_blocks(const u8* kept, i64 n_rows, i64 n_cols, BlockShape block, u8* mask, int threads) {
  const i64 n_along = ceil_div(n_cols, block.columns);
  parallel_rows(n_rows, n_cols, threads, [&](i64 begin, i64 end) {
    for (i64 r = begin; r < end; ++r) {
      const u8* from = kept + r / block.rows * n_along;
      u8* to = mask + r * n_cols;
      if (block.columns == 1) {
        std::copy_n(from, n_cols, to);
        continue;
      }
      for (i64 j = 0; j < n_along; ++j) {
        const i64 size = std::min(block.columns, n_cols - j * block.columns);
        std::fill_n(to + j * block.columns, size, from[j]);
      }
    }
  });
}

template void mask_best_of_groups<float>(const Kernels<float>&, const float*, i64, i64, i64, i64, u8*, int);
template void mask_best_of_groups<double>(const Kernels<double>&, const double*, i64, i64, i64, i64, u8*, int);
template void block_sums<float>(const float*, i64, i64, BlockShape, float*, int);
template void block_sums<double>(const double*, i64, i64, BlockShape, double*, int);

}  // namespace prunus
