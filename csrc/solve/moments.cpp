#include "solve/moments.h"

#include <algorithm>

#include "list.h"
#include "solve/transpose.h"

namespace prunus {

void gather_moments(const Moments& moments, const Columns& columns, Rows<double> xx, Rows<double> xy) {
  const i64 n = columns.n, n_all = n + columns.n_out, size = moments.size;
  // Features, then outputs, each with its number, shift and last side by side.
  List<i64> number(columns.number, columns.number + n);
  for (i64 k = 0; k < columns.n_out; ++k) number.push_back(size - 1 - columns.n_out + k);
  List<double> shift, last;
  for (const i64 at : number) shift.push_back(moments.shift[at]), last.push_back(moments.last[at]);
  List<double> scale(columns.inverse_scale, columns.inverse_scale + n), row(n_all);
  scale.resize(n_all, 1.0);
  for (i64 i = 0; i < n; ++i) {
    const i64 at = number[i];
    for (i64 j = i; j < n_all; ++j) {
      const i64 other = number[j];
      const i64 place = std::min(at, other) * size + std::max(at, other);
      row[j] = moments.sums[place];
      if (moments.less != nullptr) row[j] -= moments.less[place];
    }
    for (i64 j = i; j < n_all; ++j) {
      row[j] = (row[j] + shift[i] * last[j] + last[i] * shift[j]) * scale[i] * scale[j];
    }
    std::copy(row.data() + i, row.data() + n, xx[i] + i);
    for (i64 k = 0; k < columns.n_out; ++k) xy[k][i] = row[n + k];
  }
  mirror(xx, n);
}

}  // namespace prunus
