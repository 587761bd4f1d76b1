/*
 * Lets linux.uml 6.1 run on processors with AMX.
 *
 * It keeps a traced process's floating point registers in a buffer that was large enough before there were tile
 * registers. PTRACE_SETREGSET takes only the whole of them, and answers EFAULT or EINVAL to less. With this library
 * preloaded, what it writes is laid over the whole set that the process has at the moment. No program in the guest
 * uses the tiles, which keep their initial state.
 *
 *   gcc -O2 -shared -fPIC -o uml-xstate.so uml-xstate.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long (*ptrace_call)(int, pid_t, void *, void *);

/* Not on the stack: the kernel's stacks are small. There is one processor, so one buffer will do. */
static char whole_set[1 << 15] __attribute__((aligned(64)));

static long set_registers(ptrace_call next, pid_t pid, void *kind, struct iovec *given)
{
    struct iovec whole = {whole_set, sizeof whole_set};

    if (next(PTRACE_GETREGSET, pid, kind, &whole) != 0 || given->iov_len > whole.iov_len)
        return next(PTRACE_SETREGSET, pid, kind, given);
    memcpy(whole_set, given->iov_base, given->iov_len);
    return next(PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    static ptrace_call next;
    va_list rest;

    va_start(rest, request);
    pid_t pid = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *);
    void *data = va_arg(rest, void *);
    va_end(rest);

    if (!next)
        next = (ptrace_call)dlsym(RTLD_NEXT, "ptrace");
    if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
        return set_registers(next, pid, address, data);
    return next(request, pid, address, data);
}
