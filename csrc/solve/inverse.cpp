#include "solve/inverse.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dispatch/cpu.h"
#include "dispatch/table.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr i64 kBlock = 64;       // features that are swept together
constexpr i64 kRowsAtOnce = 48;  // of the matrix, for a thread

size_t size_of(i64 n) { return static_cast<size_t>(n); }

// The part of a sweep that is about the features of one block.
class Block {
 public:
  Block(i64 n, const Kernels<double>& kernels)
      : kernels_(kernels),
        stride_((ceil_div(n, 8) | 1) * 8),  // an odd number of cache lines: neighbours are not in the same set of L1
        rows_(size_of(kBlock * stride_)),
        root_(kBlock * kBlock),
        left_(size_of(n)) {}

  // Takes the block's rows of a, whose elements on and above the diagonal count: root() and rows(), L^-1 times the
  // rows.
  bool take(const double* a, i64 n, Range block, double least) {
    begin_ = block.begin, size_ = block.end - block.begin;
    for (i64 t = 0; t < size_; ++t) {
      const i64 at = begin_ + t;
      for (i64 j = 0; j < at; ++j) row(t)[j] = a[j * n + at];
      std::copy(a + at * n + at, a + (at + 1) * n, row(t) + at);
    }
    for (i64 t = 0; t < size_; ++t) {
      double* root = &root_[size_of(t * kBlock)];
      for (i64 s = 0; s < t; ++s) root[s] = row(s)[begin_ + t];
      kernels_.subtract_combination(row(t), row(0), stride_, t, root, n, left_.data());
      const double pivot = left_[size_of(begin_ + t)];
      if (!(pivot > least)) return false;
      root[t] = std::sqrt(pivot);
      for (i64 j = 0; j < n; ++j) row(t)[j] = left_[size_of(j)] / root[t];
    }
    return true;
  }

  // Puts L'^-1 times the rows in the place of the block's rows, and minus the inverse of the block in its own.
  void put(double* a, i64 n) {
    for (i64 t = 0; t < size_; ++t) {  // the block's own columns hold L' now: the unit matrix there gives L^-1
      for (i64 s = 0; s < size_; ++s) row(t)[begin_ + s] = 0;
    }
    for (i64 s = 0; s < size_; ++s) {
      for (i64 t = s; t < size_; ++t) {
        double sum = t == s ? 1 : 0;
        for (i64 r = s; r < t; ++r) sum -= root_[size_of(t * kBlock + r)] * row(r)[begin_ + s];
        row(t)[begin_ + s] = sum / root_[size_of(t * kBlock + t)];
      }
    }
    double factor[kBlock];
    for (i64 t = size_; t-- > 0;) {
      for (i64 r = t + 1; r < size_; ++r) factor[r] = root_[size_of(r * kBlock + t)];
      kernels_.subtract_combination(row(t), row(t + 1), stride_, size_ - t - 1, factor + t + 1, n, left_.data());
      for (i64 j = 0; j < n; ++j) row(t)[j] = left_[size_of(j)] / root_[size_of(t * kBlock + t)];
    }
    for (i64 t = 0; t < size_; ++t) {
      const i64 at = begin_ + t;
      for (i64 j = 0; j < begin_; ++j) a[j * n + at] = row(t)[j];
      for (i64 j = at; j < begin_ + size_; ++j) a[at * n + j] = -row(t)[j];
      for (i64 j = begin_ + size_; j < n; ++j) a[at * n + j] = row(t)[j];
    }
  }

  double* row(i64 t) { return rows_.data() + t * stride_; }  // t = size: past the end
  i64 stride() const { return stride_; }

 private:
  const Kernels<double>& kernels_;
  i64 stride_, begin_ = 0, size_ = 0;
  std::vector<double> rows_, root_, left_;
};

}  // namespace

bool invert(double* a, i64 n, double least, int threads) {
  const Kernels<double>& kernels = active_target().kernels<double>();
  Block block(n, kernels);
  for (i64 begin = 0; begin < n; begin += kBlock) {
    const Range own = {begin, std::min(begin + kBlock, n)};
    if (!block.take(a, n, own, least)) return false;
    // On and above the diagonal, in strips of rows; the block's own rows and columns are put in place afterwards.
    for_units(ceil_div(n, kRowsAtOnce), n < 256 ? 1 : threads, [&](i64 part) {
      const Range rows = {part * kRowsAtOnce, std::min((part + 1) * kRowsAtOnce, n)};
      kernels.subtract_products(a, n, block.row(0), block.stride(), block.row(0), block.stride(), own.end - own.begin,
                                rows, {rows.begin, n});
    });
    block.put(a, n);
  }
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = i; j < n; ++j) a[j * n + i] = a[i * n + j] = -a[i * n + j];
  }
  return true;
}

}  // namespace prunus
