#include <oneapi/dnnl/dnnl.h>

// OpenMP's own header comes with a compiler that may not be there; the symbol comes with the library that oneDNN uses.
void omp_set_num_threads(int threads);
