// Work that its caller may give up.
#pragma once

namespace prunus {

// Whether it has been asked to end. Loops of many milliseconds look at it every few of them, on whatever thread; once
// it says yes it always does.
class Interrupt {
 public:
  virtual bool is_asked() noexcept = 0;

 protected:
  ~Interrupt() = default;
};

inline bool is_asked(Interrupt* interrupt) { return interrupt != nullptr && interrupt->is_asked(); }

}  // namespace prunus
