// Forward selection: the exact path of the best single additions, on a Gram matrix or on the data themselves.
#pragma once

#include "solve/backward.h"

namespace prunus {

// Adds the group that lets the refitted loss fall most, `additions.n` times or until no group is left that is not a
// combination of those added: whose part outside of them is not above `tolerance` times its own length, squared. The
// groups that stay come first, in their order. Of falls that are equal but for rounding the one
// of the feature that explains most alone is taken, and then the earlier group's. Returns how many were
// added.
//
// gram: (p, p), symmetric, X'X; products: (n_out, p), X'y, overwritten. What is left of a group when the set is taken
// out of it has the Gram block S_g and the products r_g; the loss falls by r_g' S_g^-1 r_g. Adding feature j takes
// w = S_j / sqrt(S_jj) out of every other: S loses w w', r loses w r_j / sqrt(S_jj). O(p t) for the t-th feature.
// Throws std::bad_alloc.
i64 grow(const double* gram, i64 p, double* products, i64 n_out, FeatureGroups groups, Removals additions,
         double tolerance);

// Problems that share the matrix X, each with its own set: (n, p) samples in rows.
struct SharedColumns {
  const double* x;
  i64 n;
  i64 p;
};

// out[r, j] = the product of q[r], (n_q, n), with column j. All of X is read once.
void multiply_columns(SharedColumns columns, const double* q, i64 n_q, double* out, int threads);

// One more step of n_problems forward selections. Of each: q (n), the feature that came last, orthogonal to those
// before and of length one, zero in the samples that do not count; factor (n_out), its products with the outputs; norms
// (p), the squared lengths of what is left of the features, and products (n_out, p), theirs with the outputs: both are
// brought up to date; bar (p), 0 or minus infinity for what may not come; limit (p), what the norm must be above;
// alone (p), the falls of the first step, by which equal ones are told apart: that
// differ by no more than rounding[r], or kTie of themselves. Writes to best the feature that lets the
// loss fall most, -1 for none. All of X is read once. O(n p n_problems).
// Throws std::bad_alloc.
void advance(SharedColumns columns, i64 n_problems, i64 n_out, const double* q, const double* factor, const double* bar,
             const double* limit, const double* alone, const double* rounding, double* norms, double* products,
             i64* best, int threads);

}  // namespace prunus
