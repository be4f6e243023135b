// Parts of a matrix of moments, moved to another centre and scaled.
#pragma once

#include "base.h"

namespace prunus {

// Sums of products of features, outputs and one, about some centre; about another they are
// sums - less + shift last' + last shift'.
struct Moments {
  const double* sums;   // (size, size), of which the upper triangle counts
  const double* less;   // of other samples, taken from them; null: none
  i64 size;             // features, outputs, and one
  const double* shift;  // (size - 1), the old centre less the new one
  const double* last;   // (size - 1), their sums about a centre half way between
};

struct Columns {
  const i64* number;            // (n), of features
  const double* inverse_scale;  // (n), what products with them are multiplied by
  i64 n, n_out;
};

// xx: (n, n), products of the columns with one another, symmetric; xy: (n_out, n), with the outputs. O(n^2).
void gather_moments(const Moments& moments, const Columns& columns, Rows<double> xx, Rows<double> xy);

}  // namespace prunus
