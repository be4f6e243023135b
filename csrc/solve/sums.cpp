#include "solve/sums.h"

#include <algorithm>

#include "dispatch/table.h"
#include "list.h"
#include "solve/rows.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr i64 kSamples = 128;    // that go into the sums together
constexpr i64 kRowsAtOnce = 48;  // of the sums

template <class T>
void fill(const WeightedSamples<T>& samples, i64 row, double* to) {
  const T* x = samples.x + row * samples.p;
  const double* y = samples.y + row * samples.n_out;
  const double root = samples.root[row];
  for (i64 j = 0; j < samples.p; ++j) to[j] = (static_cast<double>(x[j]) - samples.shift[j]) * root;
  for (i64 k = 0; k < samples.n_out; ++k) to[samples.p + k] = (y[k] - samples.shift[samples.p + k]) * root;
  to[samples.p + samples.n_out] = root;
}

}  // namespace

template <class T>
void sum_folds(const Kernels<double>& kernels, const WeightedSamples<T>& samples, const i64* row, const i64* start,
               i64 n_folds, double* const* sums, int threads) {
  const i64 size = samples.p + samples.n_out + 1;
  const i64 stride = odd_stride(size);
  for_units(n_folds, threads, [&](i64 fold) {
    List<double> piece(kSamples * stride);
    double* sum = sums[fold];
    std::fill(sum, sum + size * size, 0.0);
    for (i64 begin = start[fold]; begin < start[fold + 1]; begin += kSamples) {
      const i64 count = std::min(kSamples, start[fold + 1] - begin);
      for (i64 t = 0; t < count; ++t) fill(samples, row[begin + t], piece.data() + t * stride);
      for (i64 i = 0; i < size; i += kRowsAtOnce) {
        kernels.subtract_products({sum, size}, {piece.data(), stride}, {piece.data(), stride}, count,
                                  {i, std::min(i + kRowsAtOnce, size)}, {i, size});
      }
    }
    for (i64 i = 0; i < size * size; ++i) sum[i] = -sum[i];
  });
}

template void sum_folds(const Kernels<double>&, const WeightedSamples<float>&, const i64*, const i64*, i64,
                        double* const*, int);
template void sum_folds(const Kernels<double>&, const WeightedSamples<double>&, const i64*, const i64*, i64,
                        double* const*, int);

}  // namespace prunus
