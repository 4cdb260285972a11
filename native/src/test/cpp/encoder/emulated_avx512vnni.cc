// The AVX-512 kernel, compiled with emulated instructions (emulated_avx512/immintrin.h).

#define kAvx512VnniKernel kEmulatedAvx512VnniKernel
#include "encoder/kernel_avx512vnni.cc"
