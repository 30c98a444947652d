#ifndef CTEAM_H
#define CTEAM_H

#include <stddef.h>

// Runs task(context) on the calling thread and on up to `helpers` more, and returns when all have returned. Helpers
// stay between calls and look for the next one for some thirty microseconds before they sleep: a model calls hundreds
// of times a second, and waking a thread takes as long as a small product.
//
// There is one team per process. While another thread holds it, or if the caller is inside a task itself, the task runs
// on the calling thread alone; also if no thread can be created. So a task must not rely on helpers: it takes work
// until none is left.
void cv_team_run(size_t helpers, void (*task)(void *), void *context);

#endif
