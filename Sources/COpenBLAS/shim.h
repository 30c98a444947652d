#include <cblas.h>

// LAPACK, which OpenBLAS contains: the eigenvectors of ranks il to iu (from 1, ascending) of a symmetric matrix.
void dsyevr_(const char *jobz, const char *range, const char *uplo, const blasint *n, double *a, const blasint *lda,
             const double *vl, const double *vu, const blasint *il, const blasint *iu, const double *abstol,
             blasint *m, double *w, double *z, const blasint *ldz, blasint *isuppz, double *work,
             const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info);
