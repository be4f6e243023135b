#include "pack/lookup.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "pack/cursors.h"
#include "parallel.h"

namespace prunus {
namespace {

struct Tile {
  i32 column;
  i64 n_steps;
  List<Range> entries;  // of each lane
};

// What a part adds to the arrays of the matrix. Runs, tiles and steps count from the part's own beginning.
template <class T>
struct Part {
  List<i32> row;
  List<i64> group_run, group_tile, group_step;  // where each group ends
  List<LookupRun> run;
  List<i32> tile_column;
  List<u8> place;
  List<T> value;
};

// The tiles of a group that have entries, fewest steps first.
template <class T>
List<Tile> tiles_of(const CsrMatrix<T>& w, const i32* rows, const LookupShape& shape) {
  List<Tile> tiles;
  Cursors<T> cursors(w, shape.lanes);
  for (i64 l = 0; l < shape.lanes; ++l) cursors.add(rows[l]);
  for (i64 column = 0; column < w.n_cols; column += shape.columns) {
    Tile tile{static_cast<i32>(column), 0, {}};
    for (i64 l = 0; l < shape.lanes; ++l) {
      const Range entries = cursors.take_before(l, column + shape.columns);
      tile.entries.push_back(entries);
      tile.n_steps = std::max(tile.n_steps, entries.end - entries.begin);
    }
    if (tile.n_steps > 0) tiles.push_back(std::move(tile));
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) { return a.n_steps < b.n_steps; });
  return tiles;
}

template <class T>
void add_step(Part<T>& part, const LookupShape& shape, const CsrMatrix<T>& w, const Tile& tile, i64 step) {
  const i64 first_place = part.place.size(), bits = shape.place_bytes * 8 / shape.lanes;
  part.place.resize(first_place + shape.place_bytes, 0);
  for (i64 l = 0; l < shape.lanes; ++l) {
    const i64 e = tile.entries[l].begin + step;
    const bool is_there = e < tile.entries[l].end;
    part.value.push_back(is_there ? w.value[e] : T(0));
    if (!is_there) continue;
    const i64 place = w.column[e] - tile.column;
    u8& byte = part.place[first_place + l * bits / 8];
    byte = static_cast<u8>(byte | place << (l * bits % 8));
  }
}

template <class T>
void add_group(Part<T>& part, const LookupShape& shape, const CsrMatrix<T>& w, const i32* rows) {
  const i64 first_run = part.run.size();
  for (const Tile& tile : tiles_of(w, rows, shape)) {
    if (part.run.size() == first_run || part.run.back().n_steps != tile.n_steps) {
      part.run.push_back({static_cast<i32>(tile.n_steps), 0});
    }
    ++part.run.back().n_tiles;
    part.tile_column.push_back(tile.column);
    for (i64 step = 0; step < tile.n_steps; ++step) add_step(part, shape, w, tile, step);
  }
  part.group_run.push_back(part.run.size());
  part.group_tile.push_back(part.tile_column.size());
  part.group_step.push_back(part.value.size() / shape.lanes);
}

template <class T>
Part<T> pack_part(const CsrMatrix<T>& w, Range rows, const LookupShape& shape) {
  Part<T> part;
  part.row.resize(rows.end - rows.begin);
  std::iota(part.row.begin(), part.row.end(), static_cast<i32>(rows.begin));
  // Rows of a group should be equally long, or the shorter ones are padded.
  const auto entries = [&](i32 r) { return w.row_start[r + 1] - w.row_start[r]; };
  std::stable_sort(part.row.begin(), part.row.end(), [&](i32 a, i32 b) { return entries(a) > entries(b); });
  part.row.resize(round_up(part.row.size(), shape.lanes), -1);
  for (i64 i = 0; i < part.row.size(); i += shape.lanes) add_group(part, shape, w, &part.row[i]);
  return part;
}

// The ends of a part's groups, which follow what there is.
void append_ends(List<i64>& to, const List<i64>& ends) {
  const i64 before = to.back();
  for (const i64 end : ends) to.push_back(before + end);
}

}  // namespace

template <class T>
LookupMatrix<T> pack_lookup(const CsrMatrix<T>& w, const LookupShape& shape, int threads) {
  if (shape.columns == 0) throw std::invalid_argument("format: this target has no look-up for this type");
  List<Part<T>> parts(n_parts(w.n_rows));
  parallel_for(parts.size(), threads_for(w.n_entries(), threads),
               [&](i64 p) { parts[p] = pack_part(w, rows_of_part(w.n_rows, p), shape); });
  LookupMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.group_run = matrix.group_tile = matrix.group_step = {0};
  i64 n_places = 0, n_values = 0;
  for (const Part<T>& part : parts) n_places += part.place.size(), n_values += part.value.size();
  matrix.place.reserve(n_places);
  matrix.value.reserve(n_values);
  for (Part<T>& part : parts) {
    append_ends(matrix.group_run, part.group_run);
    append_ends(matrix.group_tile, part.group_tile);
    append_ends(matrix.group_step, part.group_step);
    matrix.run.append(part.run);
    matrix.tile_column.append(part.tile_column);
    matrix.place.append(part.place);
    matrix.value.append(part.value);
    matrix.row.append(part.row);
    part = {};
  }
  return matrix;
}

#define PRUNUS_PACK(T) template LookupMatrix<T> pack_lookup(const CsrMatrix<T>&, const LookupShape&, int);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
