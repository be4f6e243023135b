#include "pack/stored.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>

#include "fork.h"
#include "huge_pages.h"

namespace prunus {
namespace {

constexpr std::size_t kSmallest = std::size_t{32} << 10;

// A huge page that arrays share: they lie one after the other, and the page is given back with the last of them.
struct alignas(kCacheLine) Page {
  std::size_t used = sizeof(Page);
  i64 n_arrays = 0;
};

class Pages {
 public:
  // Never destroyed: arrays may outlive the library's static objects.
  static Pages& instance() {
    static Pages* pages = new Pages;
    return *pages;
  }

  void* take(std::size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = std::find_if(pages_.begin(), pages_.end(), [&](Page* p) { return p->used + bytes <= kHugePage; });
    if (found == pages_.end()) {
      pages_.reserve(pages_.size() + 1);
      pages_.push_back(new (allocate(kHugePage, true)) Page);
      found = pages_.end() - 1;
    }
    Page& page = **found;
    page.used += bytes;
    ++page.n_arrays;
    return reinterpret_cast<char*>(&page) + page.used - bytes;
  }

  void give(void* memory, std::size_t bytes) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    Page* page = reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(memory) / kHugePage * kHugePage);
    if (static_cast<char*>(memory) + bytes == reinterpret_cast<char*>(page) + page->used) page->used -= bytes;
    if (--page->n_arrays > 0) return;
    pages_.erase(std::find(pages_.begin(), pages_.end(), page));
    std::free(page);
  }

 private:
  Pages() { hold_over_forks<&Pages::mutex>(); }
  static std::mutex& mutex() { return instance().mutex_; }

  std::mutex mutex_;
  std::vector<Page*> pages_;
};

// In whole cache lines.
std::size_t size_of(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  return std::max<std::size_t>((bytes + kCacheLine - 1) / kCacheLine, 1) * kCacheLine;
}

bool shares_page(std::size_t size) { return size >= kSmallest && size <= kHugePage - sizeof(Page); }

}  // namespace

void* take_stored(std::size_t bytes) {
  const std::size_t size = size_of(bytes);
  if (shares_page(size)) return Pages::instance().take(size);
  return allocate(size, size >= kSmallest);
}

void give_stored(void* memory, std::size_t bytes) noexcept {
  const std::size_t size = size_of(bytes);
  shares_page(size) ? Pages::instance().give(memory, size) : std::free(memory);
}

}  // namespace prunus
