#include "build_information.h"

// The manifest defines it, unquoted: quotes would have to survive the build system's command lines.
#ifndef BUILD_COMMIT
#define BUILD_COMMIT unknown
#endif

#define SPELLED(token) #token
#define EXPANDED(token) SPELLED(token)

const char *build_commit(void) { return EXPANDED(BUILD_COMMIT); }
