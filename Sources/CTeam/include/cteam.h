#ifndef CTEAM_H
#define CTEAM_H

#include <stddef.h>

// Runs task(context) on the calling thread and on up to `helpers` more, and returns when all have returned. Helpers are
// kept between calls and look out for the next one for some thirty microseconds before they sleep: a model calls
// hundreds of times a second, and waking a thread takes as long as a small product.
//
// There is one team a process. While another thread has it (or the caller is in a task itself), the task runs on the
// calling thread alone; the same where no thread can be made. So a task must not count on company: it takes work until
// there is none.
void cv_team_run(size_t helpers, void (*task)(void *), void *context);

#endif
