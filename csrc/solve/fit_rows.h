// Least squares values of the weights that are left of a layer: each row on its own support.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// w[r], zero outside of the support of row r, minimizes w'Gw - 2 w'c[r]: G = X'X, c[r] = X'y of output r. gram: (p, p),
// symmetric; products, w: p for each of n rows; support: (n, p). is_done[r] is 0, and w[r] not written, where a pivot
// is not above `least`, or it is interrupted. Rows that follow one another with the same support share a factorization.
// k^3 / 6 multiplications and additions for a support of k, and 8 p^2 bytes for a thread, at most; the number of
// threads changes no bit. Throws std::bad_alloc.
void fit_rows(const Kernels<double>& kernels, Rows<const double> gram, i64 p, Samples<const double> products,
              const u8* support, double least, Rows<double> w, u8* is_done, int threads,
              Interrupt* interrupt = nullptr);

}  // namespace prunus
