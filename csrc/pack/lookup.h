// Compressed sparse rows into steps of an in-register look-up.
#pragma once

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

// How a target looks activations up.
struct LookupShape {
  i64 columns;      // of a tile: what its registers hold; 0 if it has no look-up
  i64 lanes;        // rows of a group
  i64 place_bytes;  // of a step; shared evenly by the lanes
};

template <class T>
struct LookupMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  List<i64> group_run, group_tile, group_step;
  List<LookupRun> run;
  List<i32> tile_column;
  Stored<u8> place;
  Stored<T> value;
  List<i32> row;

  Lookup<T> view() const {
    return {group_run.data(), group_tile.data(), group_step.data(), run.data(), tile_column.data(),
            place.data(),     value.data(),      row.data(),        n_rows,     n_cols};
  }
  i64 n_stored() const { return value.size(); }
  i64 bytes() const {
    return value.bytes() + place.bytes() + tile_column.bytes() + row.bytes() + run.bytes() + 3 * group_run.bytes();
  }
};

// O(n_rows * n_cols / columns + n_entries). Throws std::invalid_argument if the shape has no columns.
template <class T>
LookupMatrix<T> pack_lookup(const CsrMatrix<T>& w, const LookupShape& shape, int threads);

}  // namespace prunus
