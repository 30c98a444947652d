#ifndef BUILD_INFORMATION_H
#define BUILD_INFORMATION_H

/// The commit that the package was built from: twelve digits, or "unknown" where there was no git. Never null.
const char *build_commit(void);

#endif
