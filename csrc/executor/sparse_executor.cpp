#include "executor/sparse_executor.h"

#include <algorithm>
#include <stdexcept>

#include "team.h"

namespace prunus {
namespace {

constexpr i64 kRowsAtOnce = 32;  // a thread takes so many at a time: documents are of different lengths

// f(some rows) for all of n rows.
template <class F>
class RowBlocks final : public Stages {
 public:
  RowBlocks(i64 n, const F& f) : n_(n), f_(f) {}
  int n_stages() const noexcept override { return 1; }
  i64 n_units(int) const noexcept override { return ceil_div(n_, kRowsAtOnce); }
  void do_unit(int, i64 i, int) const override { f_(Range{i * kRowsAtOnce, std::min(n_, (i + 1) * kRowsAtOnce)}); }

 private:
  i64 n_;
  const F& f_;
};

// Bytes of samples that are dense at once, or of what the first layer puts out: they stay in L2 (1000 samples of 200
// entries, 2000-500 at 90 % zeros, Intel Xeon: 4.1 ms, 5.7 with 8 MB).
constexpr i64 kBytesAtOnce = 1 << 20;

// Samples that take so many bytes with `width` activations each: whole panels of them.
template <class T>
i64 samples_at_once(const Kernels<T>& kernels, i64 width) {
  const i64 panel = kPanelVectors * kernels.lanes;
  return std::max(kBytesAtOnce / static_cast<i64>(sizeof(T)) / std::max<i64>(width, 1) / panel * panel, panel);
}

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

}  // namespace

template <class T>
SparseExecutor<T>::SparseExecutor(const Kernels<T>& kernels, SparseRowsLayer<T> first,
                                  std::shared_ptr<const Executor<T>> whole, std::shared_ptr<const Executor<T>> rest,
                                  const SparseCosts& costs, List<u8> read)
    : kernels_(kernels),
      first_(std::move(first)),
      whole_(std::move(whole)),
      rest_(std::move(rest)),
      costs_(costs),
      read_(std::move(read)) {
  if (const auto* sparse = std::get_if<CsrMatrix<T>>(&first_.weight)) {
    require(sparse->n_rows == n_in() && sparse->n_cols == n_between(), "w: expected the shape (n_in, n_out)");
  } else {
    const i64 size = std::get<List<T>>(first_.weight).size();
    require(size == n_in() * n_between(), "w: expected the shape (n_in, n_out)");
  }
  const i64 n_next = rest_ == nullptr ? n_out() : rest_->n_in();
  require(n_next == n_between() && (rest_ == nullptr || rest_->n_out() == n_out()),
          "rest: expected the layers that follow the first");
  require(read_.empty() || read_.size() == n_in(), "read: expected one for each column");
}

template <class T>
void SparseExecutor<T>::run(const CsrMatrix<T>& x, T* y, int threads) const {
  if (x.n_rows == 0) return;
  const auto n_dense = static_cast<double>(x.n_rows * n_in());
  if (whole_->cycles(x.n_rows) + n_dense * costs_.activation < cycles(x.n_rows, x.n_entries())) {
    return run_dense(x, y, threads);
  }
  if (rest_ == nullptr) return run_first(x, {0, x.n_rows}, y, threads);
  const i64 step = std::min(samples_at_once(kernels_, n_between()), x.n_rows);
  const WorkspacePool::Lease lease(pool_, step * n_between() * static_cast<i64>(sizeof(T)));
  T* const between = static_cast<T*>(lease.memory());
  for (i64 begin = 0; begin < x.n_rows; begin += step) {
    const i64 n = std::min(step, x.n_rows - begin);
    run_first(x, {begin, begin + n}, between, threads);
    rest_->run_some(between, n, x.n_rows, y + begin * n_out(), threads);
  }
}

// Samples made dense, some at a time.
template <class T>
void SparseExecutor<T>::run_dense(const CsrMatrix<T>& x, T* y, int threads) const {
  const i64 step = std::min(samples_at_once(kernels_, n_in()), x.n_rows);
  const WorkspacePool::Lease lease(pool_, step * n_in() * static_cast<i64>(sizeof(T)));
  T* const dense = static_cast<T*>(lease.memory());
  for (i64 begin = 0; begin < x.n_rows; begin += step) {
    const i64 n = std::min(step, x.n_rows - begin);
    std::fill_n(dense, n * n_in(), T(0));
    for_each_entry(x, {begin, begin + n}, [&](i64 r, i64 c, T value) { dense[(r - begin) * n_in() + c] = value; });
    whole_->run_some(dense, n, x.n_rows, y + begin * n_out(), threads);
  }
}

// y (rows given, n_between) = activation(x * w + bias).
template <class T>
void SparseExecutor<T>::run_first(const CsrMatrix<T>& x, Range rows, T* y, int threads) const {
  Csr<T> view = x.view();
  view.row_start += rows.begin;
  const Epilogue<T> epilogue{first_.bias.data(), first_.activation, first_.negative_slope};
  const auto multiply = [&](Range some) {
    if (const auto* sparse = std::get_if<CsrMatrix<T>>(&first_.weight)) {
      kernels_.sparse_rows_sparse(view, some, sparse->view(), epilogue, y);
    } else {
      kernels_.sparse_rows_dense(view, some, std::get<List<T>>(first_.weight).data(), n_between(), epilogue, y);
    }
  };
  const i64 n = rows.end - rows.begin;
  const double cycles = first_cycles(n, view.row_start[n] - view.row_start[0]);
  const RowBlocks blocks(n, multiply);
  do_together(blocks, useful_threads(cycles, blocks.n_units(0), threads), threads_worth_waking(cycles, threads));
}

template class SparseExecutor<float>;
template class SparseExecutor<double>;

}  // namespace prunus
