#include "solve/cholesky.h"

#include <algorithm>
#include <cmath>

#include "list.h"
#include "solve/rows.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr i64 kBlock = 64;       // rows that take out of those below together
constexpr i64 kStrip = 16;       // of them, that are done one by one
constexpr i64 kRowsAtOnce = 48;  // for a thread: what lies below the diagonal of so many is computed for nothing

// The block's own rows, from the diagonal to the end: row by row, and strip by strip what the strips before have taken.
bool factorize_rows(const Kernels<double>& kernels, Rows<double> a, i64 n, Range block, double least,
                    List<double>& row) {
  List<double> factor(kStrip);
  for (i64 begin = block.begin; begin < block.end; begin += kStrip) {
    const i64 end = std::min(begin + kStrip, block.end);
    const Rows<const double> before = a.from(block.begin, 0);
    kernels.subtract_products(a, before, before, begin - block.begin, {begin, end}, {begin, n});
    for (i64 t = begin; t < end; ++t) {
      for (i64 s = begin; s < t; ++s) factor[s - begin] = a[s][t];
      kernels.subtract_combination(a[t] + t, {a[begin] + t, a.stride, t - begin}, factor.data(), n - t, row.data());
      if (!(row[0] > least)) return false;
      const double inverse_root = 1 / std::sqrt(row[0]);
      a[t][t] = std::sqrt(row[0]);
      for (i64 j = t + 1; j < n; ++j) a[t][j] = row[j - t] * inverse_root;
    }
  }
  return true;
}

}  // namespace

bool factorize(const Kernels<double>& kernels, Rows<double> a, i64 n, double least, int threads, Interrupt* interrupt) {
  List<double> row(n);
  for (i64 begin = 0; begin < n; begin += kBlock) {
    const i64 end = std::min(begin + kBlock, n), rest = n - end;
    if (is_asked(interrupt) || !factorize_rows(kernels, a, n, {begin, end}, least, row)) return false;
    const Rows<const double> block = a.from(begin, 0);
    for_units(ceil_div(rest, kRowsAtOnce), rest < kFewFeatures ? 1 : threads, [&](i64 strip) {
      const i64 first = end + strip * kRowsAtOnce;
      kernels.subtract_products(a, block, block, end - begin, {first, std::min(first + kRowsAtOnce, n)}, {first, n});
    });
  }
  for (i64 i = 1; i < n; ++i) std::fill(a[i], a[i] + i, 0.0);
  return true;
}

}  // namespace prunus
