// Where the entries of a matrix lie once they are packed: what changes their values in place asks it once.
//
// A packer puts whatever it is given where a weight belongs. So the matrix is packed with the numbers of its entries in
// the place of their values; where a number is found, there its entry lies. That holds for every format that there is
// or will be, and for the transposed matrix, whose entries keep the numbers that they have in the matrix itself.
#pragma once

#include <type_traits>

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

// As large as T, so that formats lie alike.
template <class T>
using EntryNumber = std::conditional_t<sizeof(T) == sizeof(i32), i32, i64>;

// The matrix with the numbers of its entries, from 1 on: 0 is padding. Throws std::invalid_argument if T is of 32 bits
// and there are more entries than these can tell.
template <class T>
CsrMatrix<EntryNumber<T>> numbered(const CsrMatrix<T>& w);

// The rows as columns. O(n_rows + n_cols + n_entries).
template <class T>
CsrMatrix<T> transposed(const CsrMatrix<T>& w);

// place[e] of each entry e: where its number lies among the values of what was packed from numbers.
template <class Number>
List<i64> places_in(const Number* values, i64 n_values, i64 n_entries);

}  // namespace prunus
