// Tells ThreadSanitizer about the slow path of Swift's Mutex on Linux.
//
// Synchronization.Mutex takes and gives back an uncontended lock by atomic operations that are compiled into the user's
// code, where ThreadSanitizer sees them. When threads meet, it calls _lockSlow and _unlockSlow of the standard library,
// which is built without the sanitizer: their ordering is missed, and everything behind such a lock looks like a race.
// These two functions, preloaded, call the real ones and add what is missing: after the lock is taken, an acquire; before
// it is given back, a release. Nothing is suppressed: accesses that no lock orders are reported as before.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((weak)) extern void __tsan_acquire(void *address);
__attribute__((weak)) extern void __tsan_release(void *address);

typedef SWIFT void (*Lock)(uint32_t, SELF void *);
typedef SWIFT void (*Unlock)(SELF void *);

// Other programs are preloaded too (the symbolizer), so this is looked for only where it is needed.
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    // Another standard library: better no run than one that reports what is not so.
    if (!found) abort();
    return found;
}

SWIFT void tsan_lock(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT void tsan_unlock(SELF void *handle) __asm__(UNLOCK);

SWIFT void tsan_lock(uint32_t thread, SELF void *handle) {
    ((Lock)real(LOCK))(thread, handle);
    __tsan_acquire(handle);
}

SWIFT void tsan_unlock(SELF void *handle) {
    __tsan_release(handle);
    ((Unlock)real(UNLOCK))(handle);
}
