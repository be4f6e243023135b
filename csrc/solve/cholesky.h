// The Cholesky factor of a Gram matrix: what second-order compensation of a layer begins with. Regressions in Python
// take LAPACK's.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// Turns a symmetric positive definite matrix (n, n), of which the elements on and above the diagonal count, into R with
// R'R the matrix, upper triangular, zeros below: in place. Returns false if a pivot is not above `least`, or it is
// interrupted; the matrix is of no use then. n^3 / 6 multiplications and additions; the number of threads changes no
// bit. Throws std::bad_alloc.
//
// Right-looking, 64 rows at a time: what they take out of the rows below is a product of matrices, shared by the
// threads.
bool factorize(const Kernels<double>& kernels, Rows<double> a, i64 n, double least, int threads,
               Interrupt* interrupt = nullptr);

}  // namespace prunus
