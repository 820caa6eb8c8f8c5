/* preloaded by: interpose.c */
/* Counts the calls that arrive here, from the program and from the library. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <liburing.h>

#if API >= 215
#define NEWER(f)                                                               \
	f(io_uring_memory_size_params, ssize_t,                                \
	  (unsigned int a, struct io_uring_params *b), (a, b))                 \
	f(io_uring_major_version, int, (void), ())                             \
	f(io_uring_minor_version, int, (void), ())                             \
	f(__io_uring_clone_buffers_offset, int,                                \
	  (struct io_uring * a, struct io_uring * b, unsigned int c,           \
	   unsigned int d, unsigned int e, unsigned int g),                    \
	  (a, b, c, d, e, g))
#else
#define NEWER(f)
#endif

#define COUNTED(f)                                                             \
	f(io_uring_submit, int, (struct io_uring * a), (a))                    \
	f(io_uring_submit_and_wait, int,                                       \
	  (struct io_uring * a, unsigned int b), (a, b))                       \
	f(io_uring_submit_and_get_events, int, (struct io_uring * a), (a))     \
	f(io_uring_get_events, int, (struct io_uring * a), (a))                \
	f(__io_uring_get_cqe, int,                                             \
	  (struct io_uring * a, struct io_uring_cqe * *b, unsigned int c,      \
	   unsigned int d, sigset_t *e),                                       \
	  (a, b, c, d, e))                                                     \
	f(io_uring_wait_cqes, int,                                             \
	  (struct io_uring * a, struct io_uring_cqe * *b, unsigned int c,      \
	   struct __kernel_timespec * d, sigset_t * e),                        \
	  (a, b, c, d, e))                                                     \
	f(io_uring_wait_cqe_timeout, int,                                      \
	  (struct io_uring * a, struct io_uring_cqe * *b,                      \
	   struct __kernel_timespec * c),                                      \
	  (a, b, c))                                                           \
	f(io_uring_queue_init, int,                                            \
	  (unsigned int a, struct io_uring *b, unsigned int c), (a, b, c))     \
	f(io_uring_queue_init_params, int,                                     \
	  (unsigned int a, struct io_uring *b, struct io_uring_params *c),     \
	  (a, b, c))                                                           \
	f(io_uring_queue_mmap, int,                                            \
	  (int a, struct io_uring_params *b, struct io_uring *c), (a, b, c))   \
	f(io_uring_register_probe, int,                                        \
	  (struct io_uring * a, struct io_uring_probe * b, unsigned int c),    \
	  (a, b, c))                                                           \
	f(io_uring_get_probe_ring, struct io_uring_probe *,                    \
	  (struct io_uring * a), (a))                                          \
	f(io_uring_unregister_ring_fd, int, (struct io_uring * a), (a))        \
	f(io_uring_register_buf_ring, int,                                     \
	  (struct io_uring * a, struct io_uring_buf_reg * b, unsigned int c),  \
	  (a, b, c))                                                           \
	f(io_uring_unregister_buf_ring, int, (struct io_uring * a, int b),     \
	  (a, b))                                                              \
	f(io_uring_mlock_size_params, ssize_t,                                 \
	  (unsigned int a, struct io_uring_params *b), (a, b))                 \
	f(io_uring_register, int,                                              \
	  (unsigned int a, unsigned int b, const void *c, unsigned int d),     \
	  (a, b, c, d))                                                        \
	f(io_uring_setup, int, (unsigned int a, struct io_uring_params *b),    \
	  (a, b))                                                              \
	NEWER(f)

static unsigned int exits;

#define COUNT(name, ret, parameters, arguments)                                \
	static unsigned int count_##name;                                      \
	ret name parameters                                                    \
	{                                                                      \
		ret(*real) parameters;                                         \
                                                                               \
		*(void **)&real = dlsym(RTLD_NEXT, #name);                     \
		if (!real)                                                     \
			abort();                                               \
		count_##name++;                                                \
		return real arguments;                                         \
	}
COUNTED(COUNT)

void io_uring_queue_exit(struct io_uring *ring)
{
	void (*real)(struct io_uring *);

	*(void **)&real = dlsym(RTLD_NEXT, "io_uring_queue_exit");
	if (!real)
		abort();
	exits++;
	real(ring);
}

/* The names that were called since the last time, with their numbers. */
void counted(char *text, size_t size);
void counted(char *text, size_t size)
{
	int n = 0;

	text[0] = 0;
#define TELL(name, ret, parameters, arguments)                                 \
	if (count_##name)                                                      \
		n += snprintf(text + n, size - (size_t)n, " %s %u", #name,     \
			      count_##name);                                   \
	count_##name = 0;
	COUNTED(TELL)
	if (exits)
		n += snprintf(text + n, size - (size_t)n, " queue_exit %u",
			      exits);
	exits = 0;
}
