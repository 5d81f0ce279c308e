#ifndef FGCTL_CLINUX_H
#define FGCTL_CLINUX_H

/* syncfs(2). <unistd.h> declares it for _GNU_SOURCE only, which Swift's Glibc module is made without. */
extern int syncfs(int descriptor);

#endif
