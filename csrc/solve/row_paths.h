// Rows of weights that lose one weight after the other, each row on its own: the exact layer-wise surgeon.
#pragma once

#include "dispatch/table.h"

namespace prunus {

// For each of n rows of w (p each): from the weights that are `there` (n, p) removes, one after the other, the one
// without which (v - w)' G (v - w) rises least for the best v on what is left (E. Frantar, D. Alistarh, "Optimal brain
// compression", 2022; B. Hassibi, D. Stork, 1993). cost[r, j] is the sum of the rises when j has gone, the last one's
// included; of those that are not there 0. gram: (p, p), symmetric positive definite; inverse: its own, or null where
// it has none, since rows that lack some weights may be told all the same. is_done[r] is 0, and the row's cost of no
// use, where a pivot is not above `least`. p^3 / 4 multiplications and additions for a row that has all, p^3 / 2 more
// for others, and 8 p^2 bytes for a thread; the number of threads changes no bit. Throws std::bad_alloc.
void eliminate_rows(const Kernels<double>& kernels, Rows<const double> gram, const double* inverse, i64 p,
                    Samples<const double> w, const u8* there, double least, Rows<double> cost, u8* is_done,
                    int threads);

}  // namespace prunus
