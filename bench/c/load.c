/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* load LIBRARY OPS [CHUNKS]: a shared library loaded and dropped again. */
#include <dlfcn.h>

#include "bench.h"

static void load(void *state, long ops)
{
	void *library;

	for (; ops > 0; ops--) {
		library = dlopen(state, RTLD_NOW);
		if (!library) {
			fprintf(stderr, "%s\n", dlerror());
			exit(1);
		}
		dlclose(library);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: load LIBRARY OPS [CHUNKS]\n");
		return 2;
	}
	measure(load, argv[1], argv[2], argv[3]);
	return 0;
}
