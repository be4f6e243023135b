#include "dispatch/kernels.h"

namespace prunus::PRUNUS_TARGET {

extern const Kernels<float> f32 = kKernels<float>;

}  // namespace prunus::PRUNUS_TARGET
