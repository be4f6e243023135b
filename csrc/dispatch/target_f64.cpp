#include "dispatch/kernels.h"

namespace prunus::PRUNUS_TARGET {

extern const Kernels<double> f64 = kKernels<double>;

}  // namespace prunus::PRUNUS_TARGET
