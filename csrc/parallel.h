// The only OpenMP: loops over long arrays, of milliseconds. For calls of microseconds, team.h.
#pragma once

#include <pthread.h>

#include <atomic>
#include <new>

#include "base.h"
#include "dispatch/cpu.h"

namespace prunus {

#ifdef _OPENMP
constexpr bool kHasOpenMP = true;
#else
constexpr bool kHasOpenMP = false;
#endif

// GNU OpenMP keeps its threads in a pool that a forked child inherits without the threads: its next parallel region
// would wait for ever. So a child runs everything on the thread that calls.
inline std::atomic<bool>& in_forked_child() {
  static std::atomic<bool> flag{false};
  return flag;
}

// Call once, when the library is loaded.
inline void watch_for_fork() {
  pthread_atfork(nullptr, nullptr, [] { in_forked_child().store(true); });
}

// f(i) for every i in [0, n), on up to `threads` threads. f may not throw, and f(i) must depend on i alone. Each thread
// takes one run of neighbours: two threads that write alternate pieces of fresh memory fault on the same huge pages,
// and both pay for them (10 million float32, absolute values: 4.8 ms so, 3.6 ms with runs; AMD EPYC 7003, two cores).
template <class F>
void parallel_for(i64 n, int threads, F&& f) {
  if (n < threads) threads = static_cast<int>(n);
  if (threads <= 1 || in_forked_child().load()) {
    for (i64 i = 0; i < n; ++i) f(i);
    return;
  }
#ifdef _OPENMP
#  pragma omp parallel for schedule(static) num_threads(threads)
#endif
  for (i64 i = 0; i < n; ++i) f(i);
}

// The same for an f that allocates. std::bad_alloc may not leave the loop: it is thrown when all are done.
template <class F>
void parallel_for_allocating(i64 n, int threads, F&& f) {
  std::atomic<bool> is_lacking{false};
  parallel_for(n, threads, [&](i64 i) {
    try {
      f(i);
    } catch (const std::bad_alloc&) {
      is_lacking.store(true);
    }
  });
  if (is_lacking.load()) throw std::bad_alloc();
}

// Pieces of a long array that threads take: a quarter of an L2 cache, and still enough of them to balance.
constexpr i64 kChunk = 1 << 15;

// Threads for so many elements: the calling one alone where a second would have less than a piece. Starting it takes
// microseconds, and milliseconds where other work has the processors.
inline int threads_for(i64 n, int threads) { return n < 2 * kChunk ? 1 : threads; }

// f(begin, end) for consecutive pieces of [0, n).
template <class F>
void parallel_chunks(i64 n, int threads, F&& f) {
  parallel_for((n + kChunk - 1) / kChunk, threads, [&](i64 i) {
    const i64 begin = i * kChunk;
    f(begin, begin + kChunk < n ? begin + kChunk : n);
  });
}

}  // namespace prunus
