// The inverse of a Gram matrix.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// Turns a symmetric positive definite matrix (n, n) into its inverse, in place. Returns false if a pivot is not above
// `least`, or it is interrupted; the matrix is of no use then. n^3 / 2 multiplications and additions; the number of
// threads changes no bit. Throws std::bad_alloc.
//
// Sweeps 32 features at a time (J. Goodnight, "A tutorial on the SWEEP operator", 1979): each is a product of matrices.
bool invert(const Kernels<double>& kernels, Rows<double> a, i64 n, double least, int threads,
            Interrupt* interrupt = nullptr);

}  // namespace prunus
