#include "pack/places.h"

#include <limits>
#include <numeric>
#include <stdexcept>

namespace prunus {

template <class T>
CsrMatrix<EntryNumber<T>> numbered(const CsrMatrix<T>& w) {
  using Number = EntryNumber<T>;
  if (w.n_entries() >= std::numeric_limits<Number>::max()) {
    throw std::invalid_argument("w: expected fewer entries than 32 bits can number");
  }
  CsrMatrix<Number> numbers{w.n_rows, w.n_cols, w.row_start, w.column, List<Number>(w.n_entries())};
  std::iota(numbers.value.begin(), numbers.value.end(), Number{1});
  return numbers;
}

template <class T>
CsrMatrix<T> transposed(const CsrMatrix<T>& w) {
  CsrMatrix<T> turned;
  turned.n_rows = w.n_cols;
  turned.n_cols = w.n_rows;
  turned.row_start.assign(w.n_cols + 1, 0);
  for (const i32 column : w.column) ++turned.row_start[i64{column} + 1];
  for (i64 r = 0; r < turned.n_rows; ++r) turned.row_start[r + 1] += turned.row_start[r];
  turned.column.resize(w.n_entries());
  turned.value.resize(w.n_entries());
  List<i64> at = turned.row_start;
  for_each_entry(w, {0, w.n_rows}, [&](i64 r, i64 c, T value) {
    turned.column[at[c]] = static_cast<i32>(r);
    turned.value[at[c]++] = value;
  });
  return turned;
}

template <class Number>
List<i64> places_in(const Number* values, i64 n_values, i64 n_entries) {
  List<i64> place(n_entries, -1);
  for (i64 i = 0; i < n_values; ++i) {
    if (values[i] != 0) place[values[i] - 1] = i;
  }
  return place;
}

template CsrMatrix<i32> numbered(const CsrMatrix<float>&);
template CsrMatrix<i64> numbered(const CsrMatrix<double>&);
template List<i64> places_in(const i32*, i64, i64);
template List<i64> places_in(const i64*, i64, i64);
#define PRUNUS_PACK(T) template CsrMatrix<T> transposed(const CsrMatrix<T>&);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
