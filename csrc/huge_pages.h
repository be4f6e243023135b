// Memory in huge pages, where the system has any.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "base.h"

namespace prunus {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// For std::free. Aligned to a huge page, and in such pages, if `huge`; else to a cache line. Throws std::bad_alloc.
inline void* allocate(std::size_t bytes, bool huge) {
  void* memory = nullptr;
  if (posix_memalign(&memory, huge ? kHugePage : kCacheLine, bytes) != 0) throw std::bad_alloc();
  if (huge) madvise(memory, bytes, MADV_HUGEPAGE);  // advice: it need not be taken
  return memory;
}

}  // namespace prunus
