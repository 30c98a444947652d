#include "cteam.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

enum {
  MOST = 1023,
  // Looks at memory before a thread sleeps: thirty microseconds, if a pause takes sixty cycles.
  LOOKS = 2000,
};

static struct {
  atomic_flag taken;
  // Call number << 16 | helpers of that call: read together, so that a thread that is not part of a call need not
  // answer.
  _Atomic uint64_t call;
  _Atomic size_t working;
  _Atomic size_t asleep;
  _Atomic int caller_sleeps;
  void (*task)(void *);
  void *context;
  // The fields below belong to the caller that holds the team.
  size_t threads;
  size_t processors;
  pthread_mutex_t lock;
  pthread_cond_t begin, end;
} team = {
    .taken = ATOMIC_FLAG_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .begin = PTHREAD_COND_INITIALIZER,
    .end = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The next call after `seen`.
static uint64_t await_call(uint64_t seen) {
  for (int look = 0; look < LOOKS; look++) {
    const uint64_t call = atomic_load_explicit(&team.call, memory_order_acquire);
    if (call != seen) return call;
    pause_briefly();
  }
  pthread_mutex_lock(&team.lock);
  atomic_fetch_add(&team.asleep, 1);
  uint64_t call;
  while ((call = atomic_load(&team.call)) == seen) pthread_cond_wait(&team.begin, &team.lock);
  atomic_fetch_sub(&team.asleep, 1);
  pthread_mutex_unlock(&team.lock);
  return call;
}

static void *help(void *argument) {
  const size_t number = (size_t)argument;
  uint64_t seen = 0;
  for (;;) {
    seen = await_call(seen);
    if (number >= (seen & 0xffff)) continue;
    team.task(team.context);
    if (atomic_fetch_sub(&team.working, 1) == 1 && atomic_load(&team.caller_sleeps)) {
      pthread_mutex_lock(&team.lock);
      pthread_cond_signal(&team.end);
      pthread_mutex_unlock(&team.lock);
    }
  }
  return 0;
}

static void await_helpers(int looks) {
  for (int look = 0; look < looks; look++) {
    if (atomic_load_explicit(&team.working, memory_order_acquire) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team.lock);
  atomic_store(&team.caller_sleeps, 1);
  while (atomic_load(&team.working) != 0) pthread_cond_wait(&team.end, &team.lock);
  atomic_store(&team.caller_sleeps, 0);
  pthread_mutex_unlock(&team.lock);
}

// Creates threads until there are `helpers`, or as many as the system allows. Returns how many of them may help.
static size_t grow(size_t helpers) {
  while (team.threads < helpers) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes)) break;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const int failed = pthread_create(&thread, &attributes, help, (void *)team.threads);
    pthread_attr_destroy(&attributes);
    if (failed) break;
    team.threads++;
  }
  return team.threads < helpers ? team.threads : helpers;
}

void cv_team_run(size_t helpers, void (*task)(void *), void *context) {
  if (helpers == 0 || atomic_flag_test_and_set_explicit(&team.taken, memory_order_acquire)) {
    task(context);
    return;
  }
  helpers = grow(helpers < MOST ? helpers : MOST);
  if (team.processors == 0) team.processors = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
  team.task = task;
  team.context = context;
  atomic_store(&team.working, helpers);
  const uint64_t number = (atomic_load(&team.call) >> 16) + 1;
  atomic_store(&team.call, number << 16 | helpers);
  if (atomic_load(&team.asleep)) {
    pthread_mutex_lock(&team.lock);
    pthread_cond_broadcast(&team.begin);
    pthread_mutex_unlock(&team.lock);
  }
  task(context);
  // If threads outnumber processors, looking would keep the awaited thread from running.
  await_helpers(helpers < team.processors ? LOOKS : 0);
  atomic_flag_clear_explicit(&team.taken, memory_order_release);
}
