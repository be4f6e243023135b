// Plain views of what kernels read: no ownership, no behaviour.
#pragma once

#include "base.h"

namespace prunus {

// The packed formats below are cut into parts of so many neighbouring rows (the last one may be shorter), each complete
// in itself: what threads share out, and few enough rows that their results stay in a cache.
constexpr i64 kPartRows = 256;

constexpr i64 n_parts(i64 n_rows) { return ceil_div(n_rows, kPartRows); }

struct Range {
  i64 begin, end;
};

// The rows of a part of a matrix with n_rows.
constexpr Range rows_of_part(i64 n_rows, i64 part) {
  const i64 begin = part * kPartRows, end = begin + kPartRows;
  return {begin, end < n_rows ? end : n_rows};
}

// Column-tiled sliced ELLPACK (M. Kreutzer et al., "A unified sparse matrix data format for efficient general sparse
// matrix-vector multiplication on modern processors with wide SIMD units", 2014). Within a part and a tile of columns,
// rows are sorted by their number of entries and taken in slices of eight; the rows of a slice are padded to the
// longest of them, and to an even number. So loops run equally often for many rows in a row, which the branch predictor
// learns. A slice is stored by pairs of entries: two of the first row, two of the second, ..., then the next two of the
// first row. So a quad of weights serves two rows, and a vector of them several.
constexpr i64 kSliceRows = 8;

struct SellSlice {
  i32 count;            // entries of each row, padding included; even
  i32 n_rows;           // 1 to kSliceRows; there is room for all
  i32 row[kSliceRows];  // which rows of the matrix; those that there are not repeat the last, with zeros for weights
};
static_assert(sizeof(SellSlice) == 40, "SellSlice is a plain view");

// In the first and the last tile of a part every row has a place in a slice: there its sum begins with the bias, and
// ends with the activation. In the others, rows without entries have none.
struct SellTile {
  i64 first_entry;
  i64 first_slice;
  i32 n_slices;
  i32 first_column;
};
static_assert(sizeof(SellTile) == 24, "SellTile is a plain view");

template <class T>
struct Sell {
  const SellTile* tile;  // n_tiles of the first part, n_tiles of the second, ...
  const SellSlice* slice;
  const u16* offset;  // column - first_column of its tile; followed by 2 * kSliceRows zeros
  const T* value;     // beside offset; 0 where padded
  i64 n_rows;
  i64 n_cols;
  i64 tile_columns;  // of each tile but the last one
  i64 n_tiles;       // of each part
};

// Compressed sparse rows.
template <class T>
struct Csr {
  const i64* row_start;  // row r owns the entries [row_start[r], row_start[r + 1])
  const i32* column;
  const T* value;
  i64 n_rows;
  i64 n_cols;
};

// All weights, row by row.
template <class T>
struct Dense {
  const T* value;  // rows begin at a cache line, and are followed by zeros
  i64 stride;      // from row to row
  i64 n_rows;
  i64 n_cols;
};

// Groups of four rows. A part has whole ones.
constexpr i64 kBlockRows = 4;
static_assert(kPartRows % kBlockRows == 0);

constexpr Range groups_of_part(i64 n_rows, i64 part) {
  const Range rows = rows_of_part(n_rows, part);
  return {rows.begin / kBlockRows, ceil_div(rows.end, kBlockRows)};
}

// Groups lie part by part, those of a part tile by tile: how much lies before a tile of the part that has these groups,
// if a group has `whole` in all tiles and `before` in those before this one.
constexpr i64 before_tile(Range groups, i64 whole, i64 before) {
  return groups.begin * whole + (groups.end - groups.begin) * before;
}

// Tiles of columns, one at least; all but the last one have tile_columns.
constexpr i64 count_tiles(i64 n_cols, i64 tile_columns) {
  return n_cols > tile_columns ? ceil_div(n_cols, tile_columns) : 1;
}

// Blocks of four rows and one column: part by part, of each its tiles of columns, of each the groups, and of each its
// blocks one after the other. So a tile's activations stay in a cache.
template <class T>
struct Blocks {
  const i64* group_start;  // the i-th group in that order owns the blocks [group_start[i], group_start[i + 1])
  const u16* column;       // of each block, within its tile, and two more
  const T* value;          // four for each block, beside column; rows that the matrix does not have are 0
  i64 n_rows;
  i64 n_cols;
  i64 tile_columns;
};

// All weights: part by part, of each its tiles of columns, of each the groups of four rows (kBlockRows), and of each
// its columns one after the other, with four weights. So the weights that meet a tile's activations lie together: with
// whole rows side by side, each group's columns of a tile were a stream of their own (EPYC 7003, 128 samples:
// 4096-4096 48.0 ms, 46.0 so; 10000-500 14.7 and 14.2).
template <class T>
struct DenseGroups {
  const T* value;  // rows that the matrix does not have are 0
  i64 n_rows;
  i64 n_cols;
  i64 tile_columns;  // of each tile but the last one, which may have fewer
};

// A bit for each weight, and those weights that there are, in groups of four rows (kBlockRows) and tiles of 64 columns:
// of a tile, a word of bits for each row of the group, and its weights, row by row. Groups do not cross parts.
constexpr i64 kBitmapColumns = 64;

template <class T>
struct Bitmap {
  const u64* bits;         // bit c: column c of the tile; rows that the matrix does not have have none
  const T* value;          // in the order of the bits
  const i64* group_value;  // of each group, its first value
  i64 n_rows;
  i64 n_cols;
};

// Steps of an in-register look-up (kernels/products/spmv_lookup.h). Groups of as many rows as the target has lanes;
// columns in tiles that fit its registers. A step is a weight and a place in the tile for each row of the group. Within
// a group, tiles with the same number of steps follow one another. Groups do not cross parts.
struct LookupRun {
  i32 n_steps;  // of each of its tiles
  i32 n_tiles;
};

template <class T>
struct Lookup {
  const i64* group_run;   // group g owns the runs [group_run[g], group_run[g + 1])
  const i64* group_tile;  // its first tile
  const i64* group_step;  // its first step
  const LookupRun* run;
  const i32* tile_column;  // of each tile, its first column
  const u8* place;         // of each step, the places of all lanes, packed
  const T* value;          // of each step, one for each lane; 0 where there is none
  const i32* row;          // of each group, one for each lane; -1 where there is none
  i64 n_rows;
  i64 n_cols;
};

// In the order of python/prunus/network/functions.py; a test compares the two.
enum class Activation : i32 { identity, relu, tanh, sigmoid, gelu, gelu_tanh, silu, leaky_relu, count };

// What follows the sum of products of a layer: y = activation(sum + bias).
template <class T>
struct Epilogue {
  const T* bias;  // n_rows
  Activation activation;
  T negative_slope;  // of leaky_relu
};

// Neighbours of which every two are compared, to find the best of them.
constexpr i64 kLargestGroup = 32;

// A score that a bracket holds, and where it is in its array.
template <class T>
struct Candidate {
  T score;
  i32 position;
};

// The features outside of a set: what is left of each when the set is taken out.
template <class T>
struct Outside {
  const T* norm;  // (n), squared lengths; minus infinity for what may not come
  const T* rest;  // (n_out, n), products with the outputs
  const T* bar;   // (n), 0, or minus infinity for what is held back for now
  i64 n_out;
  i64 n;
};

// By how much the loss falls when the feature at that place comes; -1, -1 for none.
template <class T>
struct Gain {
  T value;
  i64 place;
};

// How many scores lie where, relative to a bracket (low, high].
struct BracketCount {
  i64 below;    // score < low
  i64 at_low;   // score == low
  i64 between;  // low < score <= high
  i64 above;    // score > high; the four add up to all scores but the NaNs
};

}  // namespace prunus
