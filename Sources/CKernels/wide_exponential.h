// exp with AVX-512's own instructions for 2^n and for rounding to whole numbers.
#ifndef WIDE_EXPONENTIAL_H
#define WIDE_EXPONENTIAL_H

#include "wide.h"

#if defined(__x86_64__)

// 2^x as 2^n · 2^r with whole n and |r| <= 1/2; the polynomial is Cephes' exp2f.
WIDE INLINE __m512 exp2_of(__m512 x) {
  // -infinity minus -infinity would be NaN, and 2^-200 is zero all the same. A NaN is the second operand, and stays.
  x = _mm512_max_ps(_mm512_set1_ps(-200.0f), x);
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 r = _mm512_sub_ps(x, n);
  __m512 p = _mm512_set1_ps(1.535336188e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.339887440e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.618437357e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.550332471e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.402264791e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.931472029e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

#endif
#endif
