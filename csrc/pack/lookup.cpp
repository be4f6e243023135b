#include "pack/lookup.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace prunus {
namespace {

struct Tile {
  i32 column;
  i64 n_steps;
  std::vector<i64> begin, end;  // of each lane's entries
};

// The tiles of a group that have entries, fewest steps first.
template <class T>
std::vector<Tile> tiles_of(const CsrMatrix<T>& w, const i32* rows, const LookupShape& shape) {
  std::vector<Tile> tiles;
  std::vector<i64> reached(static_cast<size_t>(shape.lanes));
  const auto end_of = [&](i64 l) { return rows[l] < 0 ? 0 : w.row_start[static_cast<size_t>(rows[l]) + 1]; };
  for (i64 l = 0; l < shape.lanes; ++l) {
    reached[static_cast<size_t>(l)] = rows[l] < 0 ? 0 : w.row_start[static_cast<size_t>(rows[l])];
  }
  for (i64 column = 0; column < w.n_cols; column += shape.columns) {
    Tile tile{static_cast<i32>(column), 0, reached, {}};
    for (i64 l = 0; l < shape.lanes; ++l) {
      i64& e = reached[static_cast<size_t>(l)];
      while (e < end_of(l) && w.column[static_cast<size_t>(e)] < column + shape.columns) ++e;
      tile.n_steps = std::max(tile.n_steps, e - tile.begin[static_cast<size_t>(l)]);
    }
    tile.end = reached;
    if (tile.n_steps > 0) tiles.push_back(std::move(tile));
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) { return a.n_steps < b.n_steps; });
  return tiles;
}

template <class T>
struct Steps {
  std::vector<u8> place;
  std::vector<T> value;
};

template <class T>
void add_step(Steps<T>& steps, const LookupShape& shape, const CsrMatrix<T>& w, const Tile& tile, i64 step) {
  const size_t first_place = steps.place.size();
  const i64 bits = shape.place_bytes * 8 / shape.lanes;
  steps.place.resize(first_place + static_cast<size_t>(shape.place_bytes), 0);
  for (i64 l = 0; l < shape.lanes; ++l) {
    const i64 e = tile.begin[static_cast<size_t>(l)] + step;
    const bool present = e < tile.end[static_cast<size_t>(l)];
    steps.value.push_back(present ? w.value[static_cast<size_t>(e)] : T(0));
    if (!present) continue;
    const i64 place = w.column[static_cast<size_t>(e)] - tile.column;
    u8& byte = steps.place[first_place + static_cast<size_t>(l * bits / 8)];
    byte = static_cast<u8>(byte | place << (l * bits % 8));
  }
}

template <class T>
void add_group(LookupMatrix<T>& matrix, Steps<T>& steps, const CsrMatrix<T>& w, const i32* rows) {
  for (const Tile& tile : tiles_of(w, rows, matrix.shape)) {
    const i64 first_run = matrix.group_run.back();
    if (static_cast<i64>(matrix.run.size()) == first_run || matrix.run.back().n_steps != tile.n_steps) {
      matrix.run.push_back({static_cast<i32>(tile.n_steps), 0});
    }
    ++matrix.run.back().n_tiles;
    matrix.tile_column.push_back(tile.column);
    for (i64 step = 0; step < tile.n_steps; ++step) add_step(steps, matrix.shape, w, tile, step);
  }
  matrix.group_run.push_back(static_cast<i64>(matrix.run.size()));
  matrix.group_tile.push_back(matrix.n_tiles());
  matrix.group_step.push_back(static_cast<i64>(steps.value.size()) / matrix.shape.lanes);
}

}  // namespace

template <class T>
LookupMatrix<T> pack_lookup(const CsrMatrix<T>& w, const LookupShape& shape) {
  if (shape.columns == 0) throw std::invalid_argument("kind: this target has no look-up for this type");
  LookupMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.shape = shape;
  Steps<T> steps;
  matrix.group_run = matrix.group_tile = matrix.group_step = {0};
  const auto entries = [&](i32 r) {
    return w.row_start[static_cast<size_t>(r) + 1] - w.row_start[static_cast<size_t>(r)];
  };
  for (i64 p = 0; p < n_parts(w.n_rows); ++p) {
    // Rows of a group should be equally long, or the shorter ones are padded.
    const Range part = rows_of_part(w.n_rows, p);
    std::vector<i32> rows(static_cast<size_t>(part.end - part.begin));
    std::iota(rows.begin(), rows.end(), static_cast<i32>(part.begin));
    std::stable_sort(rows.begin(), rows.end(), [&](i32 a, i32 b) { return entries(a) > entries(b); });
    while (rows.size() % static_cast<size_t>(shape.lanes) != 0) rows.push_back(-1);
    for (size_t i = 0; i < rows.size(); i += static_cast<size_t>(shape.lanes)) add_group(matrix, steps, w, &rows[i]);
    matrix.row.insert(matrix.row.end(), rows.begin(), rows.end());
  }
  matrix.place.assign(steps.place.begin(), steps.place.end());
  matrix.value.assign(steps.value.begin(), steps.value.end());
  return matrix;
}

template LookupMatrix<float> pack_lookup(const CsrMatrix<float>&, const LookupShape&);
template LookupMatrix<double> pack_lookup(const CsrMatrix<double>&, const LookupShape&);

}  // namespace prunus
