/* needs: 2.3 */
/* strace: emfile-once: -e inject=io_uring_register:error=EMFILE:when=1 */
/* strace: emfile: -e inject=io_uring_register:error=EMFILE */
/* strace-2.15: limit-unreadable: -e inject=prlimit64:error=EPERM:when=8 */
/* strace-2.15: limit-fixed: -e inject=prlimit64:error=EPERM:when=9 */
/* strace-2.15: limit-always-fixed: -e inject=prlimit64:error=EPERM:when=9+ */
/* strace: enomem: -e inject=io_uring_register:error=ENOMEM */
#include "see.h"

#include <sys/resource.h>

static struct io_uring ring;

static void limit(void)
{
	struct rlimit rlim;

	if (getrlimit(RLIMIT_NOFILE, &rlim))
		see("limit unknown\n");
	else
		see("limit %llu\n", (unsigned long long)rlim.rlim_cur);
}

int main(void)
{
	int files[4] = { 0, 1, -1, 2 }, many[64], i;
	__u64 tags[4] = { 1, 2, 0, 3 };
	struct rlimit rlim;

	getrlimit(RLIMIT_NOFILE, &rlim);
	rlim.rlim_cur = 32;
	setrlimit(RLIMIT_NOFILE, &rlim);
	for (i = 0; i < 64; i++)
		many[i] = i % 3;

	ring_up(&ring, 4, 0);
	part("as many as the limit");
	CALL(io_uring_register_files(&ring, many, 32));
	CALL(io_uring_unregister_files(&ring));
	limit();
	part("register");
	CALL(io_uring_register_files(&ring, files, 4));
	CALL(io_uring_register_files(&ring, files, 4));
	limit();
	part("update");
	CALL(io_uring_register_files_update(&ring, 1, files, 2));
	CALL(io_uring_register_files_update(&ring, 3, files, 2));
	CALL(io_uring_register_files_update_tag(&ring, 0, files, tags, 1));
	part("unregister");
	CALL(io_uring_unregister_files(&ring));
	CALL(io_uring_unregister_files(&ring));
	part("tags");
	CALL(io_uring_register_files_tags(&ring, files, tags, 4));
	CALL(io_uring_register_files_update_tag(&ring, 0, &files[1], tags, 1));
	CALL(io_uring_unregister_files(&ring));
	limit();
	part("sparse");
	CALL(io_uring_register_files_sparse(&ring, 8));
	CALL(io_uring_register_file_alloc_range(&ring, 2, 4));
	CALL(io_uring_register_file_alloc_range(&ring, 6, 4));
	CALL(io_uring_unregister_files(&ring));
	limit();
	part("over the limit");
	CALL(io_uring_register_files(&ring, many, 64));
	CALL(io_uring_unregister_files(&ring));
	limit();
	part("sparse, over the limit");
	CALL(io_uring_register_files_sparse(&ring, 400));
	CALL(io_uring_unregister_files(&ring));
	limit();
	part("not open");
	files[2] = 900;
	CALL(io_uring_register_files(&ring, files, 4));
	CALL(io_uring_register_files(&ring, files, 0));
	ring_down(&ring);
	return 0;
}
