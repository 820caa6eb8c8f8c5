/* needs: 2.15 */
#include "see.h"

#include <liburing/io_uring/query.h>

static struct io_uring ring;

int main(void)
{
	struct io_uring_query_opcode opcodes;
	struct io_uring_clock_register clock;
	struct io_uring_query_hdr hdr;
	struct io_uring_napi napi;

	ring_up(&ring, 4, 0);
	part("version");
	VALUE(io_uring_major_version());
	VALUE(io_uring_minor_version());
	VALUE(io_uring_check_version(2, 15));
	VALUE(io_uring_check_version(2, 16));
	VALUE(io_uring_check_version(3, 0));
	VALUE(IO_URING_VERSION_MAJOR * 100 + IO_URING_VERSION_MINOR);

	part("napi");
	memset(&napi, 0, sizeof(napi));
	napi.busy_poll_to = 10;
	CALL(io_uring_register_napi(&ring, &napi));
	CALL(io_uring_unregister_napi(&ring, &napi));
	VALUE(napi.busy_poll_to);

	part("clock");
	memset(&clock, 0, sizeof(clock));
	clock.clockid = CLOCK_BOOTTIME;
	CALL(io_uring_register_clock(&ring, &clock));
	clock.clockid = 77;
	CALL(io_uring_register_clock(&ring, &clock));

	part("query");
	memset(&hdr, 0, sizeof(hdr));
	memset(&opcodes, 0, sizeof(opcodes));
	hdr.query_op = IO_URING_QUERY_OPCODES;
	hdr.query_data = (unsigned long)&opcodes;
	hdr.size = sizeof(opcodes);
	CALL(io_uring_register_query(&hdr));
	VALUE(hdr.result);
	VALUE(opcodes.nr_request_opcodes);

	part("query by a closed ring");
	CALL(io_uring_register_ring_fd(&ring));
	CALL(io_uring_close_ring_fd(&ring));
	CALL(io_uring_register_query(&hdr));
	CALL(io_uring_register_clock(&ring, &clock));
	CALL(io_uring_register_napi(&ring, &napi));
	CALL(io_uring_unregister_napi(&ring, &napi));

	part("zcrx");
	{
		struct io_uring_zcrx_ifq_reg reg;

		memset(&reg, 0, sizeof(reg));
		CALL(io_uring_register_ifq(&ring, &reg));
	}
	{
		struct zcrx_ctrl ctrl;

		memset(&ctrl, 0, sizeof(ctrl));
		ctrl.zcrx_id = 7;
		CALL(io_uring_register_zcrx_ctrl(&ring, &ctrl));
	}

	part("filters");
	{
		struct io_uring_bpf bpf;

		memset(&bpf, 0, sizeof(bpf));
		bpf.cmd_type = 99;
		CALL(io_uring_register_bpf_filter(&ring, &bpf));
		CALL(io_uring_register_bpf_filter_task(&bpf));
	}
	ring_down(&ring);
	return 0;
}
