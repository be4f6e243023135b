#include "pack/sell.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "parallel.h"

namespace prunus {
namespace {

struct Row {
  i32 row;
  i64 begin, end;  // its entries in the tile

  i64 count() const { return end - begin; }
};

// What a part adds to the arrays of the matrix.
template <class T>
struct Part {
  std::vector<SellTile> tile;
  std::vector<SellSlice> slice;
  std::vector<u16> offset;
  std::vector<T> value;
};

// Rows [begin, begin + kSliceRows) of those sorted, as far as there are any.
template <class T>
void add_slice(Part<T>& part, const CsrMatrix<T>& w, const std::vector<Row>& rows, size_t begin, i64 first_column) {
  const size_t n_rows = std::min<size_t>(kSliceRows, rows.size() - begin);
  const i64 count = (rows[begin].count() + 1) / 2 * 2;
  SellSlice slice{static_cast<i32>(count), static_cast<i32>(n_rows), {}};
  for (size_t j = 0; j < kSliceRows; ++j) slice.row[j] = rows[begin + std::min(j, n_rows - 1)].row;
  part.slice.push_back(slice);
  const size_t first_entry = part.value.size();
  part.offset.resize(first_entry + static_cast<size_t>(count * kSliceRows), 0);
  part.value.resize(part.offset.size(), T(0));
  for (size_t j = 0; j < n_rows; ++j) {
    const Row& row = rows[begin + j];
    for (i64 k = 0; k < row.count(); ++k) {
      const size_t from = static_cast<size_t>(row.begin + k);
      const size_t to = first_entry + (static_cast<size_t>(k / 2) * kSliceRows + j) * 2 + static_cast<size_t>(k % 2);
      part.offset[to] = static_cast<u16>(w.column[from] - first_column);
      part.value[to] = w.value[from];
    }
  }
}

// The part's tiles, one after the other, with positions that count from the part's own beginning.
template <class T>
Part<T> pack_part(const CsrMatrix<T>& w, Range part_rows, i64 tile_columns, i64 n_tiles) {
  Part<T> part;
  std::vector<Row> rows;
  std::vector<i64> reached(w.row_start.begin() + part_rows.begin, w.row_start.begin() + part_rows.end);
  for (i64 t = 0; t < n_tiles; ++t) {
    const i64 first_column = t * tile_columns;
    const bool has_all_rows = t == 0 || t + 1 == n_tiles;
    rows.clear();
    for (i64 r = part_rows.begin; r < part_rows.end; ++r) {
      i64& e = reached[static_cast<size_t>(r - part_rows.begin)];
      const i64 begin = e;
      while (e < w.row_start[static_cast<size_t>(r) + 1] &&
             w.column[static_cast<size_t>(e)] < first_column + tile_columns) {
        ++e;
      }
      if (e > begin || has_all_rows) rows.push_back({static_cast<i32>(r), begin, e});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.count() > b.count(); });
    const size_t n_slices = (rows.size() + kSliceRows - 1) / kSliceRows;
    part.tile.push_back({static_cast<i64>(part.value.size()), static_cast<i64>(part.slice.size()),
                         static_cast<i32>(n_slices), static_cast<i32>(first_column)});
    for (size_t i = 0; i < rows.size(); i += kSliceRows) add_slice(part, w, rows, i, first_column);
  }
  return part;
}

template <class To, class From>
void append(To& to, const From& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

template <class T>
SellMatrix<T> pack_sell(const CsrMatrix<T>& w, i64 tile_columns, int threads) {
  if (tile_columns < 1 || tile_columns > 65536) {
    throw std::invalid_argument("tile_columns: expected a number from 1 to 65536, got " + std::to_string(tile_columns));
  }
  SellMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.tile_columns = tile_columns;
  matrix.n_tiles = std::max<i64>((w.n_cols + tile_columns - 1) / tile_columns, 1);
  std::vector<Part<T>> parts(static_cast<size_t>(n_parts(w.n_rows)));
  parallel_for(static_cast<i64>(parts.size()), threads, [&](i64 p) {
    parts[static_cast<size_t>(p)] = pack_part(w, rows_of_part(w.n_rows, p), tile_columns, matrix.n_tiles);
  });
  size_t n_entries = 2 * kSliceRows;
  for (const Part<T>& part : parts) n_entries += part.value.size();
  matrix.offset.reserve(n_entries);
  matrix.value.reserve(n_entries);
  for (Part<T>& part : parts) {
    for (SellTile tile : part.tile) {
      tile.first_entry += static_cast<i64>(matrix.value.size());
      tile.first_slice += static_cast<i64>(matrix.slice.size());
      matrix.tile.push_back(tile);
    }
    append(matrix.slice, part.slice);
    append(matrix.offset, part.offset);
    append(matrix.value, part.value);
    part = {};
  }
  matrix.n_stored = static_cast<i64>(matrix.value.size());
  matrix.offset.resize(matrix.offset.size() + 2 * kSliceRows, 0);
  matrix.value.resize(matrix.offset.size(), T(0));
  return matrix;
}

template SellMatrix<float> pack_sell(const CsrMatrix<float>&, i64, int);
template SellMatrix<double> pack_sell(const CsrMatrix<double>&, i64, int);

}  // namespace prunus
