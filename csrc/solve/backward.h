// Backward elimination on the inverse of a Gram matrix: the exact path of the best single removals.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// Features that go together: group g has those from start[g] to start[g + 1]. Where stays[g] is set it never goes.
struct FeatureGroups {
  const i64* start;  // n + 1
  const u8* stays;   // n
  i64 n;
  const i64* pool = nullptr;  // of each group
  i64* room = nullptr;        // how many more groups of each pool may go, counted down; null: any may
};

struct Removals {
  i64* group;    // in the order of removal
  double* rise;  // of the loss, by each
  i64 n;
  double rounding =
      0;  // what it can change a loss by: those that differ by no more, or by kTie of themselves, are equal
  Interrupt* interrupt = nullptr;
};

// Samples that the path has not seen, by their sums of products about the means of those that it has.
struct HeldOut {
  Rows<double> gram = {nullptr, 0};  // (p, p), X'X; overwritten; null: none
  const double* products = nullptr;  // (n_out, p), X'y
  double total = 0;                  // y'y of all outputs
  double* error = nullptr;           // removals.n + 1: the squared error before any removal and after each
};

// Removes the group whose absence lets the refitted loss rise least, `removals.n` times or until the inverse has to be
// computed anew: when an element of its diagonal has fallen to `floor` times what it was. Of rises that are equal
// but for rounding the later group's is taken. Returns how many were removed, until it is interrupted too.
//
// inverse: (p, p), symmetric, of G = X'X; coef: p for each output, inverse @ X'y. Removing feature j from a set with
// inverse H and coefficients b lets the loss rise by sum over outputs of b_j^2 / H_jj, of a group by b_g' H_gg^-1 b_g
// (B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993); b loses H_j b_j
// / H_jj and H loses H_j H_j' / H_jj. Both arrays are overwritten: coef is that of what is left, zero elsewhere,
// inverse is of no use.
//
// About p^3 / 4 multiplications and additions for all removals of single features, 0.43 p^3 more for samples held out:
// H is brought up to date once in 64 of them, by a product of matrices; until then only its diagonal is, and the column
// that is asked for. A group of g features that may go costs g^3 / 6 more in every step.
// Throws std::bad_alloc.
i64 eliminate(const Kernels<double>& kernels, Rows<double> inverse, i64 p, Samples<double> coef, FeatureGroups groups,
              Removals removals, double floor, HeldOut held, int threads);

}  // namespace prunus
