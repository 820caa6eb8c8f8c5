struct io_uring_sqe {
	__u8	opcode;		/* IORING_OP_* */
	__u8	flags;		/* IOSQE_* */
	__u16	ioprio;		/* I/O priority; for some operations their flags */
	__s32	fd;
	union {
		__u64	off;	/* offset into the file */
		__u64	addr2;
		struct {
			__u32	cmd_op;
			__u32	__pad1;
		};
	};
	union {
		__u64	addr;	/* buffer, or array of iovecs */
		__u64	splice_off_in;
		struct {
			__u32	level;
			__u32	optname;
		};
	};
	__u32	len;		/* bytes in the buffer, or number of iovecs */
	union {
		__kernel_rwf_t	rw_flags;
		__u32		fsync_flags;
		__u16		poll_events;	/* the first kernels' 16 bits */
		__u32		poll32_events;	/* halfwords swapped on big-endian */
		__u32		sync_range_flags;
		__u32		msg_flags;
		__u32		timeout_flags;
		__u32		accept_flags;
		__u32		cancel_flags;
		__u32		open_flags;
		__u32		statx_flags;
		__u32		fadvise_advice;
		__u32		splice_flags;
		__u32		rename_flags;
		__u32		unlink_flags;
		__u32		hardlink_flags;
		__u32		xattr_flags;
		__u32		msg_ring_flags;
		__u32		uring_cmd_flags;
		__u32		waitid_flags;
		__u32		futex_flags;
		__u32		install_fd_flags;
		__u32		nop_flags;
		__u32		pipe_flags;
	};
	__u64	user_data;	/* comes back in the CQE */
	union {
		__u16	buf_index;	/* registered buffer */
		__u16	buf_group;	/* group to take a buffer from */
	};
	__u16	personality;	/* registered credentials, or 0 */
	union {
		__s32	splice_fd_in;
		__u32	file_index;	/* slot for a new descriptor, counted from 1 */
		__u32	zcrx_ifq_idx;
		__u32	optlen;
		struct {
			__u16	addr_len;
			__u16	__pad3[1];
		};
	};
	union {
		struct {
			__u64	addr3;
			__u64	__pad2[1];
		};
		struct {
			__u64	attr_ptr;	/* attributes of a read or write */
			__u64	attr_type_mask;	/* IORING_RW_ATTR_FLAG_* */
		};
		__u64	optval;
		/* 16 bytes for a command; 80 in a 128-byte SQE. */
		__u8	cmd[0];
	};
};

struct io_uring_cqe {
	__u64	user_data;	/* from the SQE */
	__s32	res;		/* result, or -errno */
	__u32	flags;		/* IORING_CQE_F_* */

	/* The second half of a 32-byte CQE. */
	__u64	big_cqe[];
};

struct io_uring_probe {
	__u8	last_op;	/* last opcode that the kernel knows */
	__u8	ops_len;	/* entries that the kernel filled */
	__u16	resv;
	__u32	resv2[3];
	struct io_uring_probe_op ops[];
};

struct io_uring_restriction {
	__u16	opcode;			/* IORING_RESTRICTION_* */
	union {
		__u8	register_op;	/* IORING_RESTRICTION_REGISTER_OP */
		__u8	sqe_op;		/* IORING_RESTRICTION_SQE_OP */
		__u8	sqe_flags;	/* IORING_RESTRICTION_SQE_FLAGS_* */
	};
	__u8	resv;
	__u32	resv2[3];
};

struct io_uring_task_restriction {
	__u16	flags;
	__u16	nr_res;			/* entries that follow */
	__u32	resv[3];
	struct io_uring_restriction restrictions[0];
};

struct io_uring_buf_ring {
	union {
		struct {
			__u64	resv1;
			__u32	resv2;
			__u16	resv3;
			__u16	tail;	/* written by the program */
		};
		struct io_uring_buf bufs[0];
	};
};

struct zcrx_ctrl {
	__u32	zcrx_id;
	__u32	op;			/* ZCRX_CTRL_* */
	__u64	__resv[2];
	union {
		struct zcrx_ctrl_export		zc_export;
		struct zcrx_ctrl_flush_rq	zc_flush;
	};
};

struct io_uring_bpf_ctx {
	__u64	user_data;		/* from the SQE */
	__u8	opcode;
	__u8	sqe_flags;
	__u8	pdu_size;		/* bytes of the union that are valid */
	__u8	pad[5];
	union {
		struct {
			__u32	family;
			__u32	type;
			__u32	protocol;
		} socket;
		struct {
			__u64	flags;
			__u64	mode;
			__u64	resolve;
		} open;
	};
};
