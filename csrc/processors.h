// Where threads may run.
#pragma once

#include <thread>

#if defined(__linux__)
#  include <pthread.h>
#  include <sched.h>
#endif

#include "base.h"

namespace prunus {

// Processors that a thread may use: not known, and then never none, where the system does not say.
class Processors {
 public:
  using Thread = std::thread::native_handle_type;

#if defined(__linux__)
  static Processors of_this_thread() {
    Processors processors;
    processors.is_known_ = pthread_getaffinity_np(pthread_self(), sizeof processors.set_, &processors.set_) == 0;
    return processors;
  }

  // Those but the one that this thread runs on.
  Processors without_own() const {
    Processors others = *this;
    const int own = sched_getcpu();
    if (is_known_ && own >= 0) CPU_CLR(static_cast<size_t>(own), &others.set_);
    return others;
  }

  bool is_none() const { return is_known_ && CPU_COUNT(&set_) == 0; }

  // It may use these from now on, and runs on one of them.
  void give(Thread thread) const {
    if (is_known_) pthread_setaffinity_np(thread, sizeof set_, &set_);
  }

 private:
  Processors() { CPU_ZERO(&set_); }

  cpu_set_t set_;
  bool is_known_ = false;
#else
  static Processors of_this_thread() { return {}; }
  Processors without_own() const { return *this; }
  bool is_none() const { return false; }
  void give(Thread) const {}
#endif
};

}  // namespace prunus
