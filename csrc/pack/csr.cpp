#include "pack/csr.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>

#include "parallel.h"

namespace prunus {
namespace {

constexpr i64 kStretch = 256;  // weights of a row looked at together

void require_columns_fit(i64 n_cols) {
  if (n_cols > std::numeric_limits<i32>::max()) {
    throw std::invalid_argument("n_cols: expected at most 2147483647, got " + std::to_string(n_cols));
  }
}

// The weights w[i] for which present(i).
template <class T, class Present>
CsrMatrix<T> pack_present(const T* w, i64 n_rows, i64 n_cols, int threads, Present&& present) {
  require_columns_fit(n_cols);
  CsrMatrix<T> matrix;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.row_start.assign(static_cast<size_t>(n_rows) + 1, 0);
  parallel_for(n_rows, threads, [&](i64 r) {
    i64 count = 0;
    for (i64 c = 0; c < n_cols; ++c) count += present(r * n_cols + c);
    matrix.row_start[static_cast<size_t>(r) + 1] = count;
  });
  for (size_t r = 1; r < matrix.row_start.size(); ++r) matrix.row_start[r] += matrix.row_start[r - 1];
  matrix.column.resize(static_cast<size_t>(matrix.row_start.back()));
  matrix.value.resize(matrix.column.size());
  parallel_for(n_rows, threads, [&](i64 r) {
    size_t e = static_cast<size_t>(matrix.row_start[static_cast<size_t>(r)]);
    for (i64 begin = 0; begin < n_cols; begin += kStretch) {
      // Written for every weight, present or not, and then behind or over it: no branch to guess wrong. Not into the
      // matrix: behind a row's last entry is another thread's first.
      i32 columns[kStretch];
      T values[kStretch];
      size_t n = 0;
      const i64 end = std::min(n_cols, begin + kStretch);
      for (i64 c = begin; c < end; ++c) {
        columns[n] = static_cast<i32>(c);
        values[n] = w[r * n_cols + c];
        n += static_cast<size_t>(present(r * n_cols + c));
      }
      std::copy_n(columns, n, matrix.column.data() + e);
      std::copy_n(values, n, matrix.value.data() + e);
      e += n;
    }
  });
  return matrix;
}

}  // namespace

template <class T>
CsrMatrix<T> pack_dense(const T* w, const u8* mask, i64 n_rows, i64 n_cols, int threads) {
  const auto there = [w](i64 i) { return w[i] != T(0); };
  if (mask == nullptr) return pack_present<T>(w, n_rows, n_cols, threads, there);
  return pack_present<T>(w, n_rows, n_cols, threads, [=](i64 i) { return there(i) & (mask[i] != 0); });
}

template <class T>
CsrMatrix<T> pack_csr(const i64* row_start, const i32* column, const T* value, i64 n_rows, i64 n_cols, i64 n_entries) {
  require_columns_fit(n_cols);
  if (row_start[0] != 0 || row_start[n_rows] != n_entries) {
    throw std::invalid_argument("row_start: expected to begin at 0 and to end at " + std::to_string(n_entries) +
                                ", got " + std::to_string(row_start[0]) + " and " + std::to_string(row_start[n_rows]));
  }
  // All starts before any entry: a start that leaves the array must not be followed.
  for (i64 r = 0; r < n_rows; ++r) {
    if (row_start[r + 1] < row_start[r] || row_start[r + 1] > n_entries) {
      throw std::invalid_argument("row_start: expected not to decrease, got " + std::to_string(row_start[r]) +
                                  " before " + std::to_string(row_start[r + 1]) + " at row " + std::to_string(r));
    }
  }
  for (i64 r = 0; r < n_rows; ++r) {
    i64 previous = -1;
    for (i64 e = row_start[r]; e < row_start[r + 1]; ++e) {
      if (column[e] <= previous || column[e] >= n_cols) {
        throw std::invalid_argument("column: expected to ascend within a row and to lie in [0, " +
                                    std::to_string(n_cols) + "), got " + std::to_string(column[e]) + " after " +
                                    std::to_string(previous) + " in row " + std::to_string(r));
      }
      previous = column[e];
    }
  }
  CsrMatrix<T> matrix;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.row_start.assign(row_start, row_start + n_rows + 1);
  matrix.column.assign(column, column + n_entries);
  matrix.value.assign(value, value + n_entries);
  return matrix;
}

template <class T>
void unpack(const CsrMatrix<T>& matrix, T* out) {
  for_each_entry(matrix, [&](i64 r, i64 c, T value) { out[r * matrix.n_cols + c] = value; });
}

template CsrMatrix<float> pack_dense(const float*, const u8*, i64, i64, int);
template CsrMatrix<double> pack_dense(const double*, const u8*, i64, i64, int);
template CsrMatrix<float> pack_csr(const i64*, const i32*, const float*, i64, i64, i64);
template CsrMatrix<double> pack_csr(const i64*, const i32*, const double*, i64, i64, i64);
template void unpack(const CsrMatrix<float>&, float*);
template void unpack(const CsrMatrix<double>&, double*);

}  // namespace prunus
