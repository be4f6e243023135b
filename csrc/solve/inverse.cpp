#include "solve/inverse.h"

#include <algorithm>
#include <cmath>

#include "dispatch/table.h"
#include "list.h"
#include "solve/rows.h"
#include "solve/together.h"
#include "solve/transpose.h"

namespace prunus {
namespace {

constexpr i64 kBlock = 32;       // features that are swept together (n = 500: 5.2 ms, with 64 6.1)
constexpr i64 kStrip = 16;       // of them, that are eliminated one by one
constexpr i64 kRowsAtOnce = 48;  // of the matrix: what lies below the diagonal of so many is computed for nothing

// The part of a sweep that is about the features of one block: their rows of the matrix, and behind them the columns
// of a unit matrix.
class Block {
 public:
  Block(i64 n, const Kernels<double>& kernels)
      : kernels_(kernels),
        n_(n),
        stride_(odd_stride(n + kBlock)),
        rows_(kBlock * stride_),
        root_(kBlock * kBlock),
        left_(n + kBlock) {}

  // Takes the block's rows of a, whose elements on and above the diagonal count: root L, L L' the block, and L^-1
  // times the rows. Returns whether all pivots are above `least`.
  bool take(Rows<const double> a, Range block, double least) {
    begin_ = block.begin, size_ = block.end - block.begin;
    transpose(a.from(0, begin_), begin_, size_, rows());
    for (i64 t = 0; t < size_; ++t) {
      const double* own = a[begin_ + t];
      std::copy(own + begin_ + t, own + n_, row(t) + begin_ + t);
      std::fill(row(t) + n_, row(t) + n_ + size_, 0.0);
      row(t)[n_ + t] = 1;
    }
    for (i64 begin = 0; begin < size_; begin += kStrip) {
      const i64 end = std::min(begin + kStrip, size_);
      kernels_.subtract_products(rows().from(begin, 0), rows().from(0, begin_ + begin), rows(), begin, {0, end - begin},
                                 {0, n_ + size_});
      for (i64 t = begin; t < end; ++t) {
        double* root = &root_[t * kBlock];
        for (i64 s = 0; s < t; ++s) root[s] = row(s)[begin_ + t];
        const double pivot = pivot_of(t, begin, root);
        if (!(pivot > least)) return false;
        root[t] = std::sqrt(pivot);
        eliminate(t, {begin, t}, root + begin, root[t], n_ + size_);
      }
    }
    return true;
  }

  // Puts L'^-1 times the rows in the place of the block's rows, and minus the inverse of the block in its own.
  void put(Rows<double> a) {
    for (i64 t = 0; t < size_; ++t) std::copy(row(t) + n_, row(t) + n_ + size_, row(t) + begin_);
    double factor[kBlock];
    for (i64 begin = (size_ - 1) / kStrip * kStrip; begin >= 0; begin -= kStrip) {
      const i64 end = std::min(begin + kStrip, size_);
      if (end < size_) {
        kernels_.subtract_products(rows().from(begin, 0), {&root_[end * kBlock + begin], kBlock}, rows().from(end, 0),
                                   size_ - end, {0, end - begin}, {0, n_});
      }
      for (i64 t = end; t-- > begin;) {
        for (i64 r = t + 1; r < end; ++r) factor[r] = root_[r * kBlock + t];
        eliminate(t, {t + 1, end}, factor + t + 1, root_[t * kBlock + t], n_);
      }
    }
    transpose(rows(), size_, begin_, a.from(0, begin_));
    for (i64 t = 0; t < size_; ++t) {
      double* own = a[begin_ + t];
      for (i64 j = begin_ + t; j < begin_ + size_; ++j) own[j] = -row(t)[j];
      std::copy(row(t) + begin_ + size_, row(t) + n_, own + begin_ + size_);
    }
  }

  Rows<double> rows() { return {rows_.data(), stride_}; }

 private:
  double* row(i64 t) { return rows()[t]; }
  double pivot_of(i64 t, i64 begin, const double* root) {
    double pivot = row(t)[begin_ + t];
    for (i64 s = begin; s < t; ++s) pivot -= root[s] * root[s];
    return pivot;
  }
  // Row t less some others, each times its factor; over the root.
  void eliminate(i64 t, Range others, const double* factor, double root, i64 n) {
    kernels_.subtract_combination(row(t), {rows()[others.begin], stride_, others.end - others.begin}, factor, n,
                                  left_.data());
    const double inverse = 1 / root;
    for (i64 j = 0; j < n; ++j) row(t)[j] = left_[j] * inverse;
  }

  const Kernels<double>& kernels_;
  i64 n_, stride_, begin_ = 0, size_ = 0;
  List<double> rows_, root_, left_;
};

}  // namespace

bool invert(const Kernels<double>& kernels, Rows<double> a, i64 n, double least, int threads, Interrupt* interrupt) {
  Block block(n, kernels);
  for (i64 begin = 0; begin < n; begin += kBlock) {
    const Range own = {begin, std::min(begin + kBlock, n)};
    if (is_asked(interrupt) || !block.take(a, own, least)) return false;
    // On and above the diagonal, in strips of rows; the block's own rows and columns are put in place afterwards.
    for_units(ceil_div(n, kRowsAtOnce), n < kFewFeatures ? 1 : threads, [&](i64 strip) {
      const i64 row = strip * kRowsAtOnce;
      kernels.subtract_products(a, block.rows(), block.rows(), own.end - own.begin,
                                {row, std::min(row + kRowsAtOnce, n)}, {row, n});
    });
    block.put(a);
  }
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = 0; j < n; ++j) a[i][j] = -a[i][j];
  }
  mirror(a, n);
  return true;
}

}  // namespace prunus
