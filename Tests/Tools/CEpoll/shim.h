#pragma once
#include <sys/epoll.h>

// epoll(7), which Swift's Glibc module leaves out. `epoll_event` is packed on some machines and its union holds a pointer,
// so both stay here.

static const int epoll_op_add = EPOLL_CTL_ADD, epoll_op_modify = EPOLL_CTL_MOD;
static const uint32_t epoll_readable = EPOLLIN, epoll_writable = EPOLLOUT, epoll_broken = EPOLLERR | EPOLLHUP;

static inline int epoll_set(int epoll, int operation, int descriptor, uint32_t events, void *_Nonnull owner) {
    struct epoll_event event = {.events = events, .data = {.ptr = owner}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

// At most 64 at a time.
static inline int epoll_next(int epoll, void *_Nullable *_Nonnull owners, uint32_t *_Nonnull events, int timeout) {
    struct epoll_event found[64];
    int count = epoll_wait(epoll, found, 64, timeout);
    for (int index = 0; index < count; index++) {
        owners[index] = found[index].data.ptr;
        events[index] = found[index].events;
    }
    return count;
}
