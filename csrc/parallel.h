// The only OpenMP: loops over long arrays, of milliseconds. For calls of microseconds, team.h.
#pragma once

#include "base.h"
#include "dispatch/cpu.h"
#include "failure.h"
#include "fork.h"

namespace prunus {

#ifdef _OPENMP
constexpr bool kHasOpenMP = true;
#else
constexpr bool kHasOpenMP = false;
#endif

// How many threads a team of this thread's may have, `wanted` at most. OpenMP ends the process where it cannot start a
// thread, so those that it would have to start are tried: 20 us for each, once for a team that is larger than the last.
// What the process can have may still change in between.
int threads_to_be_had(int wanted);

// f(i) for every i in [0, n), on up to `threads` threads. f(i) must depend on i alone. What f throws first is thrown
// when all that have begun are done; it is not called again. Each thread takes one run of neighbours: two threads that
// write alternate pieces of fresh memory fault on the same huge pages, and both pay for them (10 million float32,
// absolute values: 4.8 ms so, 3.6 ms with runs; AMD EPYC 7003, two cores).
template <class F>
void parallel_for(i64 n, int threads, F&& f) {
#ifdef _OPENMP
  if (n < threads) threads = static_cast<int>(n);
  if (threads > 1 && !in_forked_child().load() && (threads = threads_to_be_had(threads)) > 1) {
    Failure failure;
#  pragma omp parallel for schedule(static) num_threads(threads)
    for (i64 i = 0; i < n; ++i) failure.guard([&] { f(i); });
    return failure.rethrow();
  }
#endif
  (void)threads;
  for (i64 i = 0; i < n; ++i) f(i);
}

// Pieces of a long array that threads take: a quarter of an L2 cache, and still enough of them to balance.
constexpr i64 kChunk = 1 << 15;

// Threads for so many elements: the calling one alone where a second would have less than a piece. Starting it takes
// microseconds, and milliseconds where other work has the processors.
inline int threads_for(i64 n, int threads) { return n < 2 * kChunk ? 1 : threads; }

// f(begin, end) for consecutive pieces of [0, n).
template <class F>
void parallel_chunks(i64 n, int threads, F&& f) {
  parallel_for(ceil_div(n, kChunk), threads, [&](i64 i) {
    const i64 begin = i * kChunk;
    f(begin, begin + kChunk < n ? begin + kChunk : n);
  });
}

}  // namespace prunus
