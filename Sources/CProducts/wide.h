// What the files of this module share: instruction sets, and the width of a panel.
#ifndef WIDE_H
#define WIDE_H

#include "clones.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

enum { PANEL = 64 };

#endif
#endif
