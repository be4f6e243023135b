// What a forked child inherits: one thread, and every lock as it was.
#pragma once

#include <pthread.h>

#include <atomic>
#include <mutex>

namespace prunus {

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

// Call once for a mutex that lasts as long as the process. Who forks takes it meanwhile: a child might find it locked
// for ever, by a thread that it does not have.
template <std::mutex& (*mutex)()>
void hold_over_forks() {
  pthread_atfork([] { mutex().lock(); }, [] { mutex().unlock(); }, [] { mutex().unlock(); });
}

}  // namespace prunus
