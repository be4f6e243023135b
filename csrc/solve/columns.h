// Rows of weights that lose weights column by column, all of them by one factor: the layer-wise surgeon for wide
// layers.
#pragma once

#include "dispatch/table.h"
#include "interrupt.h"

namespace prunus {

// Turns a symmetric positive definite matrix (p, p) into U with U'U its inverse, upper triangular, zeros below: in
// place. Returns false if a pivot is not above `least`, or it is interrupted; the matrix is of no use then. 2 p^3 / 3
// multiplications and additions. Throws std::bad_alloc.
bool inverse_root(const Kernels<double>& kernels, Rows<double> gram, i64 p, double least, int threads,
                  Interrupt* interrupt = nullptr);

// Goes through the columns of n rows of w, p each, from the first to the last: a weight that is not kept becomes zero,
// and the columns behind it take over what they can (E. Frantar, D. Alistarh, "SparseGPT: massive language models can
// be accurately pruned in one-shot", 2023): row r of w loses w[r, j] / U[j, j] times row j of U. root: U of the Gram
// matrix, see inverse_root.
//
// Which weights of `width` neighbours are kept, each row chooses again when it comes to them, of those that are
// `there`: as many as `kept` has, those of the largest (w[r, j] / U[j, j])^2, of equal ones the first. width: 1 (then
// `kept` stays as it is) to kWidestChoice. there, kept: (n, p).
//
// n p^2 / 2 multiplications and additions, in blocks of 128 columns: what a block has taken reaches those behind it in
// one product of matrices. The number of threads changes no bit. Throws std::bad_alloc.
void eliminate_columns(const Kernels<double>& kernels, Rows<const double> root, i64 p, Samples<double> w,
                       const u8* there, u8* kept, i64 width, int threads, Interrupt* interrupt = nullptr);

constexpr i64 kWidestChoice = 256;

}  // namespace prunus
