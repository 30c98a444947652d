#include "products.h"

#if defined(__x86_64__)

static int is_wide(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

int cv_multiplies_int8(void) { return is_wide() && __builtin_cpu_supports("avx512vnni"); }

int cv_multiplies_bf16(void) { return is_wide() && __builtin_cpu_supports("avx512bf16"); }

#else

int cv_multiplies_int8(void) { return 0; }
int cv_multiplies_bf16(void) { return 0; }

#endif
