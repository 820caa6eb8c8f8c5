/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Says which liburing a running program uses: the file that holds its
 * io_uring_queue_init, and the version which that file reports. The path a
 * program was linked with proves nothing, because LD_LIBRARY_PATH, LD_PRELOAD
 * and an rpath all have their say afterwards.
 */
#ifndef EXAMPLES_LOADED_H
#define EXAMPLES_LOADED_H

#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liburing.h>

struct loaded_search {
	uintptr_t function;
	bool program_seen;
	bool in_program;
	char path[PATH_MAX];
};

static inline bool loaded_covers(const struct dl_phdr_info *info,
				 uintptr_t address)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && address >= start &&
		    address - start < segment->p_memsz)
			return true;
	}
	return false;
}

static inline int loaded_visit(struct dl_phdr_info *info, size_t size,
			       void *arg)
{
	struct loaded_search *search = arg;
	bool covered = loaded_covers(info, search->function);
	const char *base = strrchr(info->dlpi_name, '/');

	(void)size;
	/* The program itself comes first. */
	if (!search->program_seen) {
		search->program_seen = true;
		search->in_program = covered;
		return 0;
	}
	/*
	 * An address in the program means a static liburing or, if the program
	 * is not position-independent, a PLT entry that leads to a library;
	 * only the library's name can tell these two apart.
	 */
	if (search->in_program) {
		base = base ? base + 1 : info->dlpi_name;
		covered = !strncmp(base, "liburing.so", 11) ||
			  !strncmp(base, "liburing-ffi.so", 15);
	}
	if (!covered)
		return 0;
	if (!realpath(info->dlpi_name, search->path))
		snprintf(search->path, sizeof(search->path), "%s",
			 info->dlpi_name);
	return 1;
}

static inline void print_loaded_liburing(const char *program)
{
	struct loaded_search search = {
		.function = (uintptr_t)io_uring_queue_init,
	};

	dl_iterate_phdr(loaded_visit, &search);
	printf("%s: liburing %d.%d from %s, compiled against %d.%d\n", program,
	       io_uring_major_version(), io_uring_minor_version(),
	       search.path[0] ? search.path : "this program (static)",
	       IO_URING_VERSION_MAJOR, IO_URING_VERSION_MINOR);
	fflush(stdout);
}

#endif
