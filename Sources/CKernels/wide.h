// What the AVX-512 files share: instruction sets, the width of a panel, vectors that are partly filled.
#ifndef WIDE_H
#define WIDE_H

#include "clones.h"
#include "panel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#ifndef UNROLL
#define UNROLL _Pragma("clang loop unroll(full)")
#endif
#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

INLINE __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

// Two vectors narrowed into one of bfloat16: `first` in the lower half.
BF16 INLINE __m512i narrow_both(__m512 first, __m512 second) { return (__m512i)_mm512_cvtne2ps_pbh(second, first); }

#endif
#endif
