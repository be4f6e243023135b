#include "solve/left_out.h"

#include <algorithm>
#include <limits>

#include "dispatch/table.h"
#include "list.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr i64 kSamples = 64;  // in a panel, a multiple of every target's lanes

}  // namespace

void add_left_out(const Kernels<double>& kernels, const double* q, i64 n, i64 n_steps, const double* z, i64 n_out,
                  const double* y, const double* base, double least, double* sum, int threads) {
  const i64 n_panels = ceil_div(n, kSamples);
  List<double> sums(n_panels * (n_steps + 1), 0);
  for_units(n_panels, threads, [&](i64 part) {
    const i64 begin = part * kSamples, count = std::min(kSamples, n - begin);
    // Samples that there are not have no error, and leave all.
    List<double> panel(n_steps * kSamples + kSamples);
    double* aligned = panel.data() + (-reinterpret_cast<u64>(panel.data()) % kCacheLine) / sizeof(double);
    if (n_steps > 0) kernels.rows_to_panel({q + begin * n_steps, n_steps, count}, {0, n_steps}, kSamples, aligned);
    for (i64 t = 0; t < n_steps; ++t) std::fill(aligned + t * kSamples + count, aligned + (t + 1) * kSamples, 0.0);
    List<double> left(kSamples, 1), error(n_out * kSamples, 0);
    double* own = &sums[part * (n_steps + 1)];
    for (i64 s = 0; s < count; ++s) {
      left[s] = 1 - base[begin + s];
      for (i64 k = 0; k < n_out; ++k) {
        const double e = error[k * kSamples + s] = y[k * n + begin + s];
        const double rest = left[s];
        own[0] += rest > least ? (e / rest) * (e / rest) : std::numeric_limits<double>::infinity();
      }
    }
    kernels.sum_left_out(aligned, n_steps, kSamples, z, n_out, least, left.data(), error.data(), own + 1);
  });
  for (i64 part = 0; part < n_panels; ++part) {
    for (i64 t = 0; t <= n_steps; ++t) sum[t] += sums[part * (n_steps + 1) + t];
  }
}

}  // namespace prunus
