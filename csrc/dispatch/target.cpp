// Compiled once per target, as the tables of its kernels are, one object for each type: the compiler takes its time.
#include "dispatch/table.h"

namespace prunus::PRUNUS_TARGET {

extern const Kernels<float> f32;
extern const Kernels<double> f64;

namespace {

constexpr char kInstructions[] =
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
    "avx512";
#elif defined(__AVX2__) && defined(__FMA__)
    "avx2+fma";
#elif defined(__SSE4_2__)
    "sse4.2";
#elif defined(__aarch64__)
    "neon";
#else
    "none";
#endif

constexpr ::prunus::Target kTarget = {PRUNUS_TARGET_NAME, kInstructions, &f32, &f64};

}  // namespace

const ::prunus::Target& target() noexcept { return kTarget; }

}  // namespace prunus::PRUNUS_TARGET
