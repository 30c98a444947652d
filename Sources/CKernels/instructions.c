#include "products.h"

cv_instructions cv_cpu_instructions(void) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CV_BASELINE;
  const int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512vnni");
  if (!wide) return CV_AVX2;
  return __builtin_cpu_supports("avx512bf16") ? CV_AVX512_BF16 : CV_AVX512;
#else
  return CV_BASELINE;
#endif
}
