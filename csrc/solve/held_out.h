// The error of a path on samples that it has not seen, while features leave it.
#pragma once

#include "dispatch/table.h"
#include "list.h"
#include "solve/backward.h"
#include "solve/transpose.h"

namespace prunus {

// Holds b' G b and b' c of the coefficients b, with G and c the samples' own sums. When feature after feature takes its
// column u out, b loses f u for every output: what G has to say of 64 such columns is one product of matrices.
class HeldOutError {
 public:
  // coef: (n_out, p). All arrays keep to the places of the features that are still there.
  HeldOutError(HeldOut held, i64 p, Samples<const double> coef)
      : gram_(held.gram), n_out_(coef.n), total_(held.total), error_(held.error) {
    if (is_none()) return;
    products_.assign(held.products, held.products + n_out_ * p);
    reach_.assign(n_out_ * p, 0);
    for (i64 k = 0; k < n_out_; ++k) {
      for (i64 i = 0; i < p; ++i) {
        const double b = coef[k][i];
        for (i64 j = 0; j < p; ++j) reach_[k * p + j] += b * gram_[i][j];
      }
      for (i64 j = 0; j < p; ++j) {
        square_ += coef[k][j] * reach_[k * p + j];
        linear_ += coef[k][j] * products_[k * p + j];
      }
    }
    *error_++ = error();
  }

  // Feature number t of the block, whose column is u, took factor[k] u out of the coefficients of output k. ends_group:
  // the error after it is one to be told.
  void note(const double* factor, bool ends_group) {
    if (is_none()) return;
    factors_.insert(factors_.end(), factor, factor + n_out_);
    ends_.push_back(ends_group);
  }

  // Goes through what was noted: u has their columns in its rows, n places long.
  void catch_up(Rows<const double> u, i64 n, const Kernels<double>& kernels) {
    if (is_none()) return;
    const i64 count = ends_.size();
    turned_.resize(n * count);
    transpose(u, count, n, {turned_.data(), count});
    reached_.assign(count * n, 0);           // minus u G
    for (i64 i = 0; i < n; i += kRowsOfG) {  // so that what all of u meets stays in L2
      const i64 rows = n - i < kRowsOfG ? n - i : kRowsOfG;
      kernels.subtract_products({reached_.data(), n}, {turned_.data() + i * count, count}, gram_.from(i, 0), rows,
                                {0, count}, {0, n});
    }
    for (i64 t = 0; t < count; ++t) {
      for (i64 k = 0; k < n_out_; ++k) {
        take(u[t], &reached_[t * n], factors_[t * n_out_ + k], k, n);
      }
      if (ends_[t]) *error_++ = error();
    }
    factors_.clear();
    ends_.clear();
  }

  // Features move to other places: the i-th to where from[i] was.
  void move(const List<i64>& from, i64 n_before) {
    if (is_none()) return;
    const i64 n = from.size();
    for (i64 i = 0; i < n; ++i) {
      const double* row = gram_[from[i]];
      for (i64 j = 0; j < n; ++j) gram_[i][j] = row[from[j]];
    }
    for (List<double>* rows : {&reach_, &products_}) {
      for (i64 k = 0; k < n_out_; ++k) {
        for (i64 j = 0; j < n; ++j) {
          (*rows)[k * n + j] = (*rows)[k * n_before + from[j]];
        }
      }
    }
  }

 private:
  static constexpr i64 kRowsOfG = 64;

  bool is_none() const { return gram_.data == nullptr; }

  double error() const {
    const double error = total_ - 2 * linear_ + square_;
    return error < 0 ? 0 : error;  // by rounding; NaN stays
  }

  void take(const double* u, const double* minus_reached, double factor, i64 k, i64 n) {
    double* reach = &reach_[k * n];
    const double* products = &products_[k * n];
    double along = 0, own = 0, linear = 0;
    for (i64 j = 0; j < n; ++j) {
      along += u[j] * reach[j];
      own -= u[j] * minus_reached[j];
      linear += u[j] * products[j];
      reach[j] += factor * minus_reached[j];
    }
    square_ += factor * (factor * own - 2 * along);
    linear_ -= factor * linear;
  }

  Rows<double> gram_;
  i64 n_out_;
  double total_, square_ = 0, linear_ = 0;
  double* error_;
  List<double> products_, reach_;  // c and G b, (n_out, n)
  List<double> factors_;           // (noted, n_out)
  List<u8> ends_;
  List<double> turned_, reached_;
};

}  // namespace prunus
