#ifndef CLONES_H
#define CLONES_H

// One copy of each loop per CPU generation; the loader picks one. On other architectures the baseline is good enough.
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))
// Sums may be taken in any order and fused, so that they vectorise; all other rules of IEEE hold.
#define FAST_SUMS _Pragma("clang fp reassociate(on) contract(fast)")

#endif
