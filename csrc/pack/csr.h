// Weights into compressed sparse rows. Every index is checked here, once; kernels trust what this made.
#pragma once

#include <optional>

#include "formats.h"
#include "list.h"

namespace prunus {

// Compressed sparse rows: row r owns the entries [row_start[r], row_start[r + 1]), columns ascending.
template <class T>
struct CsrMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  List<i64> row_start;
  List<i32> column;
  List<T> value;

  Csr<T> view() const { return {row_start.data(), column.data(), value.data(), n_rows, n_cols}; }
  i64 n_entries() const { return value.size(); }
  i64 n_stored() const { return n_entries(); }
  i64 bytes() const { return value.bytes() + column.bytes() + row_start.bytes(); }
};

// Calls f(row, column, weight) for every entry of some rows, row by row.
template <class T, class F>
void for_each_entry(const CsrMatrix<T>& w, Range rows, F&& f) {
  for (i64 r = rows.begin; r < rows.end; ++r) {
    for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) f(r, i64{w.column[e]}, w.value[e]);
  }
}

// What can be packed: weights, and in their place the numbers of entries (places.h).
#define PRUNUS_PACKED_TYPES(f) f(float) f(double) f(prunus::i32) f(prunus::i64)

// Throws std::invalid_argument for rows or columns of which a 32-bit index could not say the last.
void require_indices(i64 n_rows, i64 n_cols);

// The entries of w (n_rows, n_cols) that are not zero and, where there is a mask, kept by it. O(n_rows * n_cols).
// Throws as require_indices does, and std::runtime_error if another thread changes which there are meanwhile.
template <class T>
CsrMatrix<T> pack_dense(const T* w, const u8* mask, i64 n_rows, i64 n_cols, int threads);

// A copy of the three arrays, checked: row_start begins at 0, does not decrease and ends at n_entries; columns lie in
// [0, n_cols) and ascend within a row. O(n_rows + n_entries). Throws std::invalid_argument that says what is wrong, and
// as require_indices does.
template <class T>
CsrMatrix<T> pack_csr(const i64* row_start, const i32* column, const T* value, i64 n_rows, i64 n_cols, i64 n_entries);

// The same in one pass, or nothing if something is wrong. Without the entries of columns for which read (n_cols) is 0,
// where it is not null. Index: i32 or i64.
template <class T, class Index>
std::optional<CsrMatrix<T>> take_csr(const Index* row_start, const Index* column, const T* value, i64 n_rows,
                                     i64 n_cols, i64 n_entries, const u8* read);

// out (n_rows, n_cols), zeroed by the caller, gets the entries.
template <class T>
void unpack(const CsrMatrix<T>& matrix, T* out);

}  // namespace prunus
