// Rows of weights that lose one weight, or one block of weights, after the other: the exact layer-wise surgeon.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// How many of how many neighbouring blocks stay at least.
struct Quota {
  i64 kept = 0, among = 1;
};

// Rows of w (p each, n of them) that have blocks in common are a band. For each band: from the weights that are `there`
// (n, p) removes, one after the other, the block without which the sum over its rows of (v - w)' G (v - w) rises least
// for the best v on what is left (E. Frantar, D. Alistarh, "Optimal brain compression", 2022; B. Hassibi, D. Stork,
// 1993).
//
// cost[r, j] is the rise when the block goes that (r, j) is in, or, where that is no larger, the next number above the
// cost of the block before: the weights of the highest costs are a set of the path. Of weights that are not there it is
// 0, and a column that one row of a band has counts as there in all of them, of weight zero. gram: (p, p), symmetric
// positive definite; inverse: its own, or null where it has none, since bands that lack some columns may be told all
// the same. is_done[r] is 0, and the row's cost of no use, where a pivot is not above `least`, or it is interrupted.
//
// Of every `among` neighbouring blocks of a band, from the first on, that are there, at least `kept` stay: once no more
// may go, the others are kept for good. What stays has the next number above all costs.
//
// p^3 / 4 multiplications and additions for a band that has all, p^3 / 2 more for others, and 8 p^2 bytes for a thread;
// blocks of c columns take c^3 / 6 more for each of them that is left, in every step. The number of threads changes no
// bit. Throws std::bad_alloc.
void eliminate_rows(const Kernels<double>& kernels, Rows<const double> gram, const double* inverse, i64 p,
                    Samples<const double> w, const u8* there, BlockShape block, Quota quota, double least,
                    Rows<double> cost, u8* is_done, int threads, Interrupt* interrupt = nullptr);

}  // namespace prunus
