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
// gram: (p, p), symmetric, X'X; products: p for each output, X'y, overwritten. What is left of a group when the set is
// taken out of it has the Gram block S_g and the products r_g; the loss falls by r_g' S_g^-1 r_g. Adding feature j
// takes w = S_j / sqrt(S_jj) out of every other: S loses w w', r loses w r_j / sqrt(S_jj). O(p t) for the t-th feature.
// Throws std::bad_alloc.
i64 grow(const Kernels<double>& kernels, Rows<const double> gram, i64 p, Samples<double> products, FeatureGroups groups,
         Removals additions, double tolerance);

// out[r, j] = the product of q[r] with column j of x, which has p. All of x is read once.
void multiply_columns(const Kernels<double>& kernels, Samples<const double> x, i64 p, Samples<const double> q,
                      Rows<double> out, int threads);

// Forward selections that share the matrix x (n, p), each with its own set: one more step of all of them. Of each: a
// row of q (n), the feature that came last, orthogonal to those before and of length one, zero in the samples that do
// not count; factor (n_out), its products with the outputs; norms (p), the squared lengths of what is left of the
// features, and products (n_out, p), theirs with the outputs: both are brought up to date; bar (p), 0 or minus infinity
// for what may not come; limit (p), what the norm must be above; alone (p), the falls of the first step, by which equal
// ones are told apart: that differ by no more than rounding[r], or kTie of themselves. Writes to best the feature that
// lets the loss fall most, -1 for none. All of x is read once. O(n p) for each problem. Throws std::bad_alloc.
void advance(const Kernels<double>& kernels, Samples<const double> x, i64 p, Samples<const double> q, i64 n_out,
             const double* factor, const double* bar, const double* limit, const double* alone, const double* rounding,
             double* norms, double* products, i64* best, int threads);

}  // namespace prunus
