// The best exchange of one member of a set of features for one outside of it.
#pragma once

#include "dispatch/table.h"

namespace prunus {

// A set A of k features of a system whose Gram matrix G has a diagonal of ones, with H the inverse of G_AA and c the
// products with the outputs.
struct SubsetState {
  Rows<const double> v;    // (k, p), H G_A
  const double* diagonal;  // (k), of H
  const double* coef;      // (n_out, k), b = c_A H
  const double* norms;     // (p), s_j = 1 - G_jA H G_Aj, what is left of each feature
  const double* rest;      // (n_out, p), d = c - b G_A
  const i64* members;      // (k), places of the features in A
  i64 k;
  i64 p;
  i64 n_out;
};

struct Swap {
  double change;  // of the loss
  i64 member;     // which of the k goes, -1 for none
  i64 feature;    // which of the p comes
};

struct BestSwaps {
  Swap of_all;
  Swap of_free;
};

// The swap that changes the refitted loss the least, or lets it fall most, of all k (p - k): for the i-th member and
// feature j outside
//     sum over outputs m of b_mi^2 / H_ii - (d_mj + V_ij b_mi / H_ii)^2 / (s_j + V_ij^2 / H_ii),
// where the divisor is above `tolerance`: else j is a combination of what is left. Two answers from one pass: of_all
// leaves out what the first row of `barred` (2, p) and of `locked` (2, k) says, of_free what either row says; members
// are left out by themselves. Equal changes: the first member by its place, then the first feature. Depends on no
// number of threads. O(n_out k p). Throws std::bad_alloc.
BestSwaps best_swaps(const Kernels<double>& kernels, const SubsetState& state, const u8* barred, const u8* locked,
                     double tolerance, int threads);

}  // namespace prunus
