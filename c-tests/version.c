/* Description: the version functions speak of the library, the macros of the
 * header; both check functions are true when what is there is too old. */
/* flavours: plain */
#include "test.h"

#if !defined(IO_URING_VERSION_MAJOR) || !defined(IO_URING_VERSION_MINOR)
#error "no version macros"
#endif
#if IO_URING_CHECK_VERSION(2, 0)
#error "the header calls itself older than 2.0"
#endif
#if !IO_URING_CHECK_VERSION(99, 0)
#error "the header calls itself 99"
#endif

int main(void)
{
	int major = io_uring_major_version(), minor = io_uring_minor_version();

	T_EQ(IO_URING_VERSION_MAJOR, 2);
	T_EQ(IO_URING_VERSION_MINOR, 15);
	T_EQ(IO_URING_CHECK_VERSION(2, 14), 0);
	T_EQ(IO_URING_CHECK_VERSION(2, 15), 0);
	T_EQ(IO_URING_CHECK_VERSION(2, 16), 1);
	T_EQ(IO_URING_CHECK_VERSION(3, 0), 1);
	T_EQ(IO_URING_CHECK_VERSION(1, 99), 0);

	T_EQ(major, 2);
	T_EQ(minor, 15);
	T_EQ(io_uring_check_version(2, 14), 0);
	T_EQ(io_uring_check_version(2, 15), 0);
	T_EQ(io_uring_check_version(2, 16), 1);
	T_EQ(io_uring_check_version(3, 0), 1);
	T_EQ(io_uring_check_version(1, 99), 0);
	return T_EXIT_PASS;
}
