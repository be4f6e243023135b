#include "parallel.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace prunus {
namespace {

void* pass(void* gate) {
  const std::lock_guard<std::mutex> is_open(*static_cast<std::mutex*>(gate));
  return nullptr;
}

// Starts up to n threads that are there at the same time, and lets them end. Returns how many there were. They leave
// the heap alone, as std::thread does not: to free a byte, a thread sets up 64 MB of addresses for a heap of its own.
int try_threads(int n) {
  std::vector<pthread_t> threads(static_cast<size_t>(n));
  std::mutex gate;
  gate.lock();
  size_t n_there = 0;
  while (n_there < threads.size() && pthread_create(&threads[n_there], nullptr, pass, &gate) == 0) ++n_there;
  gate.unlock();
  for (size_t i = 0; i < n_there; ++i) pthread_join(threads[i], nullptr);
  return static_cast<int>(n_there);
}

}  // namespace

int threads_to_be_had(int wanted) {
  // GNU OpenMP keeps the threads of the team before, for each thread that calls, and ends those that a smaller team
  // does not need.
  thread_local int there = 1;
  if (wanted > there) {
    // One more, whose stack leaves room for OpenMP's own tables.
    const int more = wanted - there;
    wanted = there + std::max(try_threads(more + 1) - 1, 0);
  }
  return there = wanted;
}

}  // namespace prunus
