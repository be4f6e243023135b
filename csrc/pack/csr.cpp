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

void require_index(const char* name, i64 n) {
  constexpr i64 kMost = std::numeric_limits<i32>::max();
  if (n < 0 || n > kMost) {
    throw std::invalid_argument(std::string(name) + ": expected a number from 0 to " + std::to_string(kMost) +
                                ", got " + std::to_string(n));
  }
}

[[noreturn]] void refuse_changes() {
  throw std::runtime_error("w: expected weights that stay as they are meanwhile, but another thread changed them");
}

// The weights for which present(weight, place). They are read twice, and another thread may write to the caller's array
// in between: an entry has to find the room that was counted for it.
template <class T, class Present>
CsrMatrix<T> pack_present(const T* w, i64 n_rows, i64 n_cols, int threads, Present&& present) {
  require_indices(n_rows, n_cols);
  CsrMatrix<T> matrix;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.row_start.assign(n_rows + 1, 0);
  parallel_for(n_rows, threads, [&](i64 r) {
    i64 count = 0;
    for (i64 i = r * n_cols; i < (r + 1) * n_cols; ++i) count += present(w[i], i);
    matrix.row_start[r + 1] = count;
  });
  for (i64 r = 1; r < matrix.row_start.size(); ++r) matrix.row_start[r] += matrix.row_start[r - 1];
  matrix.column.resize(matrix.row_start.back());
  matrix.value.resize(matrix.column.size());
  parallel_for(n_rows, threads, [&](i64 r) {
    i64 e = matrix.row_start[r];
    i64 room = matrix.row_start[r + 1] - e;
    for (i64 begin = 0; begin < n_cols; begin += kStretch) {
      // Written for every weight, present or not, and then behind or over it: no branch to guess wrong. Not into the
      // matrix: behind a row's last entry is another thread's first.
      i32 columns[kStretch];
      T values[kStretch];
      i64 n = 0;
      const i64 end = std::min(n_cols, begin + kStretch);
      for (i64 c = begin; c < end; ++c) {
        const T weight = w[r * n_cols + c];
        columns[n] = static_cast<i32>(c);
        values[n] = weight;
        n += present(weight, r * n_cols + c);
      }
      if (n > room) refuse_changes();
      std::copy_n(columns, n, matrix.column.data() + e);
      std::copy_n(values, n, matrix.value.data() + e);
      e += n;
      room -= n;
    }
    if (room > 0) refuse_changes();
  });
  return matrix;
}

template <class T>
void check(const CsrMatrix<T>& matrix) {
  const List<i64>& row_start = matrix.row_start;
  const i64 n_entries = matrix.n_entries();
  if (row_start.front() != 0 || row_start.back() != n_entries) {
    throw std::invalid_argument("row_start: expected to begin at 0 and to end at " + std::to_string(n_entries) +
                                ", got " + std::to_string(row_start.front()) + " and " +
                                std::to_string(row_start.back()));
  }
  // All starts before any entry: a start that leaves the array must not be followed.
  for (i64 r = 0; r + 1 < row_start.size(); ++r) {
    if (row_start[r + 1] < row_start[r] || row_start[r + 1] > n_entries) {
      throw std::invalid_argument("row_start: expected not to decrease, got " + std::to_string(row_start[r]) +
                                  " before " + std::to_string(row_start[r + 1]) + " at row " + std::to_string(r));
    }
  }
  i64 row = -1, previous = -1;
  for_each_entry(matrix, {0, matrix.n_rows}, [&](i64 r, i64 column, T) {
    if (r != row) previous = -1;
    if (column <= previous || column >= matrix.n_cols) {
      throw std::invalid_argument("column: expected to ascend within a row and to lie in [0, " +
                                  std::to_string(matrix.n_cols) + "), got " + std::to_string(column) + " after " +
                                  std::to_string(previous) + " in row " + std::to_string(r));
    }
    row = r;
    previous = column;
  });
}

}  // namespace

void require_indices(i64 n_rows, i64 n_cols) {
  require_index("n_rows", n_rows);
  require_index("n_cols", n_cols);
}

template <class T>
CsrMatrix<T> pack_dense(const T* w, const u8* mask, i64 n_rows, i64 n_cols, int threads) {
  if (mask == nullptr) {
    return pack_present<T>(w, n_rows, n_cols, threads, [](T weight, i64) { return weight != T(0); });
  }
  return pack_present<T>(w, n_rows, n_cols, threads,
                         [mask](T weight, i64 i) { return (weight != T(0)) & (mask[i] != 0); });
}

template <class T>
CsrMatrix<T> pack_csr(const i64* row_start, const i32* column, const T* value, i64 n_rows, i64 n_cols, i64 n_entries) {
  require_indices(n_rows, n_cols);
  CsrMatrix<T> matrix;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.row_start.assign(row_start, row_start + n_rows + 1);
  matrix.column.assign(column, column + n_entries);
  matrix.value.assign(value, value + n_entries);
  check(matrix);  // the copy: another thread may write to the caller's arrays
  return matrix;
}

template <class T, class Index>
std::optional<CsrMatrix<T>> take_csr(const Index* row_start, const Index* column, const T* value, i64 n_rows,
                                     i64 n_cols, i64 n_entries, const u8* read) {
  CsrMatrix<T> matrix;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.row_start.assign(row_start, row_start + n_rows + 1);  // a copy: another thread may write to the caller's
  const List<i64>& start = matrix.row_start;
  if (start.front() != 0 || start.back() != n_entries || !std::is_sorted(start.begin(), start.end())) return {};
  matrix.column.resize(n_entries);
  matrix.value.resize(n_entries);
  i64 kept = 0;
  for (i64 r = 0; r < n_rows; ++r) {
    i64 previous = -1, e = start[r];
    const i64 end = start[r + 1];
    matrix.row_start[r] = kept;
    for (; e < end; ++e) {
      const i64 c = column[e];
      if (c <= previous || c >= n_cols) return {};
      matrix.column[kept] = static_cast<i32>(c);
      matrix.value[kept] = value[e];
      kept += read == nullptr || read[c] != 0;
      previous = c;
    }
  }
  matrix.row_start.back() = kept;
  matrix.column.resize(kept);
  matrix.value.resize(kept);
  return matrix;
}

template <class T>
void unpack(const CsrMatrix<T>& matrix, T* out) {
  for_each_entry(matrix, {0, matrix.n_rows}, [&](i64 r, i64 c, T value) { out[r * matrix.n_cols + c] = value; });
}

template CsrMatrix<float> pack_dense(const float*, const u8*, i64, i64, int);
template CsrMatrix<double> pack_dense(const double*, const u8*, i64, i64, int);
#define PRUNUS_CSR(T)                                                                                        \
  template CsrMatrix<T> pack_csr(const i64*, const i32*, const T*, i64, i64, i64);                           \
  template std::optional<CsrMatrix<T>> take_csr(const i32*, const i32*, const T*, i64, i64, i64, const u8*); \
  template std::optional<CsrMatrix<T>> take_csr(const i64*, const i64*, const T*, i64, i64, i64, const u8*); \
  template void unpack(const CsrMatrix<T>&, T*);
PRUNUS_CSR(float)
PRUNUS_CSR(double)
#undef PRUNUS_CSR

}  // namespace prunus
