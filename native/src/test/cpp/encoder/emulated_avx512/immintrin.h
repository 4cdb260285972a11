// Replaces the compiler's header by SIMDe's plain C++ of the same intrinsics, so that a kernel for
// AVX-512 runs on any processor. Adds the intrinsics that SIMDe 0.7.4 lacks.

#ifndef NEURON_EMBED_TEST_EMULATED_AVX512_IMMINTRIN_H_
#define NEURON_EMBED_TEST_EMULATED_AVX512_IMMINTRIN_H_

#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#define _MM_FROUND_NO_EXC SIMDE_MM_FROUND_NO_EXC

// SIMDe also rounds the product, which the instruction does not.
#undef _mm512_fmadd_ps
inline simde__m512 _mm512_fmadd_ps(simde__m512 a, simde__m512 b, simde__m512 c) {
  simde__m512_private x = simde__m512_to_private(a);
  simde__m512_private y = simde__m512_to_private(b);
  simde__m512_private z = simde__m512_to_private(c);
  for (int i = 0; i < 16; ++i) z.f32[i] = __builtin_fmaf(x.f32[i], y.f32[i], z.f32[i]);
  return simde__m512_from_private(z);
}

inline simde__m512 _mm512_cvtepi32_ps(simde__m512i v) {
  simde__m512i_private from = simde__m512i_to_private(v);
  simde__m512_private to;
  for (int i = 0; i < 16; ++i) to.f32[i] = static_cast<float>(from.i32[i]);
  return simde__m512_from_private(to);
}

inline simde__m512i _mm512_cvtps_epi32(simde__m512 v) {
  simde__m512_private from = simde__m512_to_private(v);
  simde__m512i_private to;
  for (int i = 0; i < 16; ++i) to.i32[i] = static_cast<int32_t>(__builtin_nearbyintf(from.f32[i]));
  return simde__m512i_from_private(to);
}

#endif  // NEURON_EMBED_TEST_EMULATED_AVX512_IMMINTRIN_H_
