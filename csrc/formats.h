// Plain views of what kernels read: no ownership, no behaviour.
#pragma once

#include "base.h"

namespace prunus {

// Compressed sparse rows. Whoever makes one has checked it: row_start does not decrease, columns lie in [0, n_cols).
template <class T>
struct Csr {
  const i64* row_start;  // n_rows + 1 entries; row r owns the entries [row_start[r], row_start[r + 1])
  const i32* column;     // ascending within a row
  const T* value;        // beside column
  i64 n_rows;
  i64 n_cols;
};
static_assert(sizeof(Csr<float>) == 3 * sizeof(void*) + 2 * sizeof(i64), "Csr is a plain view");

// Per entry: one value and one column. Per row: one start.
template <class T>
constexpr i64 csr_bytes(i64 n_rows, i64 n_entries) {
  return n_entries * static_cast<i64>(sizeof(T) + sizeof(i32)) + (n_rows + 1) * static_cast<i64>(sizeof(i64));
}

// In the order of python/prunus/_functions.py; a test compares the two.
enum class Activation : i32 { identity, relu, tanh, sigmoid, gelu, gelu_tanh, silu, leaky_relu, count };

// What follows the sum of products of a layer: y = activation(sum + bias).
template <class T>
struct Epilogue {
  const T* bias;  // n_rows
  Activation activation;
  T negative_slope;  // of leaky_relu
};

// A score that a bracket holds, and where it is in its array.
template <class T>
struct Candidate {
  T score;
  i32 position;
};

// How many scores lie where, relative to a bracket (low, high].
struct BracketCount {
  i64 below;    // score < low
  i64 at_low;   // score == low
  i64 between;  // low < score <= high
  i64 above;    // score > high; the four add up to all scores but the NaNs
};

}  // namespace prunus
