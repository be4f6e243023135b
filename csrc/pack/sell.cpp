#include "pack/sell.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "pack/cursors.h"
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
  List<SellTile> tile;
  List<SellSlice> slice;
  List<u16> offset;
  List<T> value;
};

// Rows [begin, begin + kSliceRows) of those sorted, as far as there are any.
template <class T>
void add_slice(Part<T>& part, const CsrMatrix<T>& w, const List<Row>& rows, i64 begin, i64 first_column) {
  const i64 n_rows = std::min<i64>(kSliceRows, rows.size() - begin);
  const i64 count = (rows[begin].count() + 1) / 2 * 2;
  SellSlice slice{static_cast<i32>(count), static_cast<i32>(n_rows), {}};
  for (i64 j = 0; j < kSliceRows; ++j) slice.row[j] = rows[begin + std::min(j, n_rows - 1)].row;
  part.slice.push_back(slice);
  const i64 first_entry = part.value.size();
  part.offset.resize(first_entry + count * kSliceRows, 0);
  part.value.resize(part.offset.size(), T(0));
  for (i64 j = 0; j < n_rows; ++j) {
    const Row& row = rows[begin + j];
    for (i64 k = 0; k < row.count(); ++k) {
      const i64 from = row.begin + k;
      const i64 to = first_entry + (k / 2 * kSliceRows + j) * 2 + k % 2;
      part.offset[to] = static_cast<u16>(w.column[from] - first_column);
      part.value[to] = w.value[from];
    }
  }
}

// The part's tiles, one after the other, with positions that count from the part's own beginning.
template <class T>
Part<T> pack_part(const CsrMatrix<T>& w, Range part_rows, i64 tile_columns, i64 n_tiles) {
  Part<T> part;
  List<Row> rows;
  Cursors<T> cursors(w, part_rows.end - part_rows.begin);
  for (i64 r = part_rows.begin; r < part_rows.end; ++r) cursors.add(r);
  for (i64 t = 0; t < n_tiles; ++t) {
    const i64 first_column = t * tile_columns;
    const bool has_all_rows = t == 0 || t + 1 == n_tiles;
    rows.clear();
    for (i64 i = 0; i < cursors.n_rows(); ++i) {
      const Range entries = cursors.take_before(i, first_column + tile_columns);
      if (entries.begin < entries.end || has_all_rows) {
        rows.push_back({static_cast<i32>(part_rows.begin + i), entries.begin, entries.end});
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.count() > b.count(); });
    const i64 n_slices = ceil_div(rows.size(), kSliceRows);
    part.tile.push_back(
        {part.value.size(), part.slice.size(), static_cast<i32>(n_slices), static_cast<i32>(first_column)});
    for (i64 i = 0; i < rows.size(); i += kSliceRows) add_slice(part, w, rows, i, first_column);
  }
  return part;
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
  matrix.n_tiles = std::max<i64>(ceil_div(w.n_cols, tile_columns), 1);
  List<Part<T>> parts(n_parts(w.n_rows));
  parallel_for(parts.size(), threads,
               [&](i64 p) { parts[p] = pack_part(w, rows_of_part(w.n_rows, p), tile_columns, matrix.n_tiles); });
  i64 n_entries = 2 * kSliceRows;
  for (const Part<T>& part : parts) n_entries += part.value.size();
  matrix.offset.reserve(n_entries);
  matrix.value.reserve(n_entries);
  for (Part<T>& part : parts) {
    for (SellTile tile : part.tile) {
      tile.first_entry += matrix.value.size();
      tile.first_slice += matrix.slice.size();
      matrix.tile.push_back(tile);
    }
    matrix.slice.append(part.slice);
    matrix.offset.append(part.offset);
    matrix.value.append(part.value);
    part = {};
  }
  matrix.offset.resize(matrix.offset.size() + 2 * kSliceRows, 0);
  matrix.value.resize(matrix.offset.size(), T(0));
  return matrix;
}

#define PRUNUS_PACK(T) template SellMatrix<T> pack_sell(const CsrMatrix<T>&, i64, int);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
