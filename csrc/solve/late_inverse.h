// The inverse of a Gram matrix whose features leave one by one.
#pragma once

#include <algorithm>
#include <cmath>

#include "dispatch/table.h"
#include "list.h"
#include "solve/rows.h"
#include "solve/together.h"
#include "solve/transpose.h"

namespace prunus {

// H, which loses u u' with each feature, u its column over the root of its own element. It is brought up to date once
// in kBlock of them, by a product of matrices; until then a column is made when it is asked for.
class LateInverse {
 public:
  // The first n rows and columns are the features that are there.
  LateInverse(const Kernels<double>& kernels, Rows<double> matrix, i64 n, int threads)
      : kernels_(kernels),
        matrix_(matrix),
        n_(n),
        threads_(threads),
        stride_(odd_stride(n)),
        taken_(kBlock * stride_),
        weights_(kBlock),
        column_(n) {}

  i64 n() const { return n_; }

  // Takes the feature at j out. Returns its u, with zeros at the places of those that have gone before, and one over
  // its root; null if rounding has left nothing of its own element. catch_up when it is_full.
  const double* take(i64 j, const List<i64>& gone, double& inverse_root) {
    double* u = &taken_[n_taken_ * stride_];
    for (i64 t = 0; t < n_taken_; ++t) weights_[t] = taken_[t * stride_ + j];
    kernels_.subtract_combination(matrix_[j], {taken_.data(), stride_, n_taken_}, weights_.data(), n_, column_.data());
    if (!(column_[j] > 0)) return nullptr;
    inverse_root = 1 / std::sqrt(column_[j]);
    for (i64 i = 0; i < n_; ++i) u[i] = column_[i] * inverse_root;
    for (const i64 i : gone) u[i] = 0;  // but for rounding it is
    ++n_taken_;
    return u;
  }

  bool is_full() const { return n_taken_ == kBlock; }
  Rows<const double> taken() const { return {taken_.data(), stride_}; }

  // Takes out what was taken, on and above the diagonal, and copies it below. `taken` stays until it is forgotten,
  // which is due before the next is taken.
  void catch_up() {
    if (n_taken_ == 0) return;
    for_units(ceil_div(n_, kRowsAtOnce), n_ < kFewFeatures ? 1 : threads_, [&](i64 part) {
      const i64 begin = part * kRowsAtOnce, end = std::min(begin + kRowsAtOnce, n_);
      kernels_.subtract_products(matrix_, taken(), taken(), n_taken_, {begin, end}, {begin, n_});
      transpose(matrix_.from(begin, end), end - begin, n_ - end, matrix_.from(end, begin));
    });
  }

  void forget() { n_taken_ = 0; }

  // Features move to other places, up to date: the i-th to where from[i] was, which ascends.
  void move(const List<i64>& from) {
    n_ = from.size();
    for (i64 i = 0; i < n_; ++i) {
      for (i64 j = 0; j < n_; ++j) matrix_[i][j] = matrix_[from[i]][from[j]];
    }
  }

 private:
  static constexpr i64 kBlock = 64;
  static constexpr i64 kRowsAtOnce = 32;  // for a thread

  const Kernels<double>& kernels_;
  Rows<double> matrix_;
  i64 n_;
  int threads_;
  i64 stride_, n_taken_ = 0;
  List<double> taken_;  // what each feature took, since the matrix was up to date
  List<double> weights_, column_;
};

}  // namespace prunus
