// The one walk over the rows of a matrix that goes by columns: packed formats are made tile by tile.
#pragma once

#include "pack/csr.h"

namespace prunus {

// For each of some rows, the entry that it has come to. Columns ascend in every row.
template <class T>
class Cursors {
 public:
  Cursors(const CsrMatrix<T>& w, i64 n_rows) : w_(w) {
    at_.reserve(n_rows);
    end_.reserve(n_rows);
  }

  // One more row, of n_rows, at its first entry; -1: one that there is not.
  void add(i64 row) {
    at_.push_back(row < 0 ? 0 : w_.row_start[row]);
    end_.push_back(row < 0 ? 0 : w_.row_start[row + 1]);
  }

  i64 n_rows() const { return at_.size(); }

  // The column of the i-th row's next entry, n_cols if there is none.
  i64 column(i64 i) const { return at_[i] < end_[i] ? w_.column[at_[i]] : w_.n_cols; }

  // That entry; then comes the one after it.
  i64 take(i64 i) { return at_[i]++; }

  // The i-th row's entries up to a column, which is left out.
  Range take_before(i64 i, i64 end_column) {
    const i64 begin = at_[i];
    while (at_[i] < end_[i] && w_.column[at_[i]] < end_column) ++at_[i];
    return {begin, at_[i]};
  }

 private:
  const CsrMatrix<T>& w_;
  List<i64> at_, end_;
};

}  // namespace prunus
