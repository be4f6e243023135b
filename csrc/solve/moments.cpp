#include "solve/moments.h"

#include <algorithm>
#include <vector>

#include "solve/transpose.h"

namespace prunus {

void gather_moments(const Moments& moments, const Columns& columns, double* xx, double* xy) {
  const i64 n = columns.n, n_all = n + columns.n_out, size = moments.size;
  // Features, then outputs, each with its number, shift and last side by side.
  std::vector<i64> number(columns.number, columns.number + n);
  for (i64 k = 0; k < columns.n_out; ++k) number.push_back(size - 1 - columns.n_out + k);
  std::vector<double> shift, last;
  for (const i64 at : number) shift.push_back(moments.shift[at]), last.push_back(moments.last[at]);
  std::vector<double> scale(columns.inverse_scale, columns.inverse_scale + n), row(static_cast<size_t>(n_all));
  scale.resize(static_cast<size_t>(n_all), 1.0);
  for (i64 i = 0; i < n; ++i) {
    const size_t own = static_cast<size_t>(i);
    const i64 at = number[own];
    for (i64 j = i; j < n_all; ++j) {
      const i64 other = number[static_cast<size_t>(j)];
      const i64 place = std::min(at, other) * size + std::max(at, other);
      row[static_cast<size_t>(j)] = moments.sums[place];
      if (moments.less != nullptr) row[static_cast<size_t>(j)] -= moments.less[place];
    }
    for (i64 j = i; j < n_all; ++j) {
      const size_t to = static_cast<size_t>(j);
      row[to] = (row[to] + shift[own] * last[to] + last[own] * shift[to]) * scale[own] * scale[to];
    }
    std::copy(row.data() + i, row.data() + n, xx + i * n + i);
    for (i64 k = 0; k < columns.n_out; ++k) xy[k * n + i] = row[static_cast<size_t>(n + k)];
  }
  mirror(xx, n, n);
}

}  // namespace prunus
