// The blocks that groups of features have on the diagonal of a matrix, kept up to date while the matrix is not.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "base.h"
#include "list.h"

namespace prunus {

// A symmetric block of `size` rows.
class GroupBlock {
 public:
  GroupBlock() = default;

  // matrix begins with the block's first element.
  GroupBlock(Rows<const double> matrix, i64 size) : size_(size) {
    for (i64 i = 0; i < size; ++i) values_.insert(values_.end(), matrix[i], matrix[i] + size);
  }

  // B -= u u'.
  void subtract(const double* u) {
    double* at = values_.data();
    for (i64 i = 0; i < size_; ++i) {
      for (i64 j = 0; j < size_; ++j) *at++ -= u[i] * u[j];
    }
  }

  // b' B^-1 b, summed over the rows of b, by Cholesky factorization. Elements whose pivot is not above
  // their limit are left out: they are combinations of those before them.
  double norm_of(Samples<const double> b, const double* limit) const {
    List<double> root = values_;
    List<double> z(b.n * size_);
    double norm = 0;
    for (i64 i = 0; i < size_; ++i) {
      double* row = root.data() + i * size_;
      for (i64 j = 0; j <= i; ++j) {
        const double* other = root.data() + j * size_;
        double sum = row[j];
        for (i64 t = 0; t < j; ++t) sum -= row[t] * other[t];
        if (i == j) {
          row[j] = sum > limit[i] ? std::sqrt(sum) : std::numeric_limits<double>::infinity();
        } else {
          row[j] = sum / other[j];
        }
      }
      for (i64 k = 0; k < b.n; ++k) {
        double* of = z.data() + k * size_;
        double sum = b[k][i];
        for (i64 t = 0; t < i; ++t) sum -= row[t] * of[t];
        of[i] = sum / row[i];
        norm += of[i] * of[i];
      }
    }
    return norm;
  }

 private:
  i64 size_ = 0;
  List<double> values_;
};

}  // namespace prunus
