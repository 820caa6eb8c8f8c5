//! The `io-uring` crate was written by others from the kernel's side. Where it has an operation, both must leave the same SQE.

use super::*;
use io_uring::types::{CancelBuilder, DestinationSlot, Fd, FsyncFlags, TimeoutFlags, Timespec};
use io_uring::{opcode, squeue};
use proptest::prelude::*;

/// An entry of the crate, as bytes.
fn theirs(entry: squeue::Entry) -> [u8; SQE_SIZE] {
    // SAFETY: it wraps the kernel's structure, which consists of integers.
    unsafe { core::mem::transmute(entry) }
}

/// What a row leaves in a cleared SQE.
fn ours(fill: impl FnOnce(*mut io_uring_sqe)) -> [u8; SQE_SIZE] {
    let mut sqe = filled(0);
    fill(&raw mut sqe);
    bytes(&sqe)
}

/// Compares rows with entries: `prep_x(arguments) == entry;`
macro_rules! agree {
    ($($row:ident($($arg:expr),*) == $entry:expr;)+) => {
        $(
            // SAFETY: the SQE is writable, and nobody follows the made-up pointers.
            let row = ours(|sqe| unsafe { $row(sqe $(, $arg)*) });
            prop_assert_eq!(row, theirs($entry), "{}", stringify!($row));
        )+
    };
}

/// Arguments for any operation. The crate does not accept descriptors below 0 as such.
#[derive(Clone, Debug)]
struct Arguments {
    fd: c_int,
    other: c_int,
    address: usize,
    second: usize,
    len: u32,
    offset: u64,
    flags: u32,
    small: u16,
    slot: u32,
}

impl Arguments {
    fn address<T>(&self) -> *const T {
        self.address as *const T
    }

    fn second<T>(&self) -> *const T {
        self.second as *const T
    }

    fn destination(&self) -> DestinationSlot {
        DestinationSlot::try_from_slot_target(self.slot).unwrap()
    }
}

prop_compose! {
    fn arguments()(
        fd in 0..c_int::MAX,
        other in 0..c_int::MAX,
        address in 0..usize::MAX >> 17,
        second in 0..usize::MAX >> 17,
        len: u32,
        offset: u64,
        flags: u32,
        small: u16,
        slot in 0..u32::MAX - 2,
    ) -> Arguments {
        Arguments { fd, other, address, second, len, offset, flags, small, slot }
    }
}

proptest! {
    // A failure prints its arguments; a file in the tree besides would be clutter.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_and_writing(a in arguments()) {
        let fd = Fd(a.fd);
        let rw = a.flags as i32;
        agree! {
            prep_nop() == opcode::Nop::new().build();
            prep_readv2(a.fd, a.address(), a.len, a.offset, rw)
                == opcode::Readv::new(fd, a.address(), a.len).offset(a.offset).rw_flags(rw).build();
            prep_writev2(a.fd, a.address(), a.len, a.offset, rw)
                == opcode::Writev::new(fd, a.address(), a.len).offset(a.offset).rw_flags(rw).build();
            prep_read_fixed(a.fd, a.address::<c_void>().cast_mut(), a.len, a.offset, a.small.into())
                == opcode::ReadFixed::new(fd, a.address::<u8>().cast_mut(), a.len, a.small).offset(a.offset).build();
            prep_write_fixed(a.fd, a.address(), a.len, a.offset, a.small.into())
                == opcode::WriteFixed::new(fd, a.address(), a.len, a.small).offset(a.offset).build();
            prep_readv_fixed(a.fd, a.address(), a.len, a.offset, rw, a.small.into())
                == opcode::ReadvFixed::new(fd, a.address(), a.len, a.small).offset(a.offset).rw_flags(rw).build();
            prep_writev_fixed(a.fd, a.address(), a.len, a.offset, rw, a.small.into())
                == opcode::WritevFixed::new(fd, a.address(), a.len, a.small).offset(a.offset).rw_flags(rw).build();
            prep_read(a.fd, a.address::<c_void>().cast_mut(), a.len, a.offset)
                == opcode::Read::new(fd, a.address::<u8>().cast_mut(), a.len).offset(a.offset).build();
            prep_write(a.fd, a.address(), a.len, a.offset)
                == opcode::Write::new(fd, a.address(), a.len).offset(a.offset).build();
            prep_read_multishot(a.fd, a.len, a.offset, a.small.into())
                == opcode::ReadMulti::new(fd, a.len, a.small).offset(a.offset).build();
            prep_fsync(a.fd, IORING_FSYNC_DATASYNC) == opcode::Fsync::new(fd).flags(FsyncFlags::DATASYNC).build();
            prep_sync_file_range(a.fd, a.len, a.offset, rw)
                == opcode::SyncFileRange::new(fd, a.len).offset(a.offset).flags(a.flags).build();
            prep_splice(a.fd, a.offset as i64, a.other, a.slot.into(), a.len, a.flags)
                == opcode::Splice::new(fd, a.offset as i64, Fd(a.other), a.slot.into(), a.len).flags(a.flags).build();
            prep_tee(a.fd, a.other, a.len, a.flags) == opcode::Tee::new(fd, Fd(a.other), a.len).flags(a.flags).build();
            prep_fadvise(a.fd, a.offset, a.other as u32, rw)
                == opcode::Fadvise::new(fd, a.other.into(), rw).offset(a.offset).build();
            prep_madvise(a.address::<c_void>().cast_mut(), a.other as u32, rw)
                == opcode::Madvise::new(a.address(), a.other.into(), rw).build();
        }
    }

    #[test]
    fn files_and_directories(a in arguments()) {
        let fd = Fd(a.fd);
        agree! {
            prep_openat(a.fd, a.address(), a.flags as c_int, a.len)
                == opcode::OpenAt::new(fd, a.address()).flags(a.flags as c_int).mode(a.len).build();
            prep_openat_direct(a.fd, a.address(), a.flags as c_int, a.len, a.slot)
                == opcode::OpenAt::new(fd, a.address()).flags(a.flags as c_int).mode(a.len)
                    .file_index(Some(a.destination())).build();
            prep_openat_direct(a.fd, a.address(), a.flags as c_int, a.len, IORING_FILE_INDEX_ALLOC)
                == opcode::OpenAt::new(fd, a.address()).flags(a.flags as c_int).mode(a.len)
                    .file_index(Some(DestinationSlot::auto_target())).build();
            prep_openat2(a.fd, a.address(), a.second()) == opcode::OpenAt2::new(fd, a.address(), a.second()).build();
            prep_close(a.fd) == opcode::Close::new(fd).build();
            prep_close_direct(a.slot) == opcode::Close::new(io_uring::types::Fixed(a.slot)).build();
            prep_fallocate(a.fd, a.flags as c_int, a.offset, a.slot.into())
                == opcode::Fallocate::new(fd, a.slot.into()).offset(a.offset).mode(a.flags as c_int).build();
            prep_ftruncate(a.fd, a.offset as i64) == opcode::Ftruncate::new(fd, a.offset).build();
            prep_statx(a.fd, a.address(), a.flags as c_int, a.len, a.second::<statx>().cast_mut())
                == opcode::Statx::new(fd, a.address(), a.second::<io_uring::types::statx>().cast_mut())
                    .flags(a.flags as c_int).mask(a.len).build();
            prep_unlinkat(a.fd, a.address(), a.flags as c_int)
                == opcode::UnlinkAt::new(fd, a.address()).flags(a.flags as c_int).build();
            prep_renameat(a.fd, a.address(), a.other, a.second(), a.flags)
                == opcode::RenameAt::new(fd, a.address(), Fd(a.other), a.second()).flags(a.flags).build();
            prep_mkdirat(a.fd, a.address(), a.len) == opcode::MkDirAt::new(fd, a.address()).mode(a.len).build();
            prep_symlinkat(a.address(), a.fd, a.second()) == opcode::SymlinkAt::new(fd, a.address(), a.second()).build();
            prep_linkat(a.fd, a.address(), a.other, a.second(), a.flags as c_int)
                == opcode::LinkAt::new(fd, a.address(), Fd(a.other), a.second()).flags(a.flags as c_int).build();
            prep_getxattr(a.address(), a.second::<c_char>().cast_mut(), a.address(), a.len)
                == opcode::GetXattr::new(a.address(), a.second::<c_void>().cast_mut(), a.address(), a.len).build();
            prep_setxattr(a.address(), a.second(), a.address(), a.flags as c_int, a.len)
                == opcode::SetXattr::new(a.address(), a.second(), a.address(), a.len).flags(a.flags as c_int).build();
            prep_fgetxattr(a.fd, a.address(), a.second::<c_char>().cast_mut(), a.len)
                == opcode::FGetXattr::new(fd, a.address(), a.second::<c_void>().cast_mut(), a.len).build();
            prep_fsetxattr(a.fd, a.address(), a.second(), a.flags as c_int, a.len)
                == opcode::FSetXattr::new(fd, a.address(), a.second(), a.len).flags(a.flags as c_int).build();
            prep_pipe(a.address::<c_int>().cast_mut(), a.flags as c_int)
                == opcode::Pipe::new(a.address::<c_int>().cast_mut()).flags(a.flags).build();
            prep_pipe_direct(a.address::<c_int>().cast_mut(), a.flags as c_int, a.slot)
                == opcode::Pipe::new(a.address::<c_int>().cast_mut()).flags(a.flags).file_index(Some(a.destination())).build();
            prep_fixed_fd_install(a.fd, a.flags)
                == opcode::FixedFdInstall::new(io_uring::types::Fixed(a.fd as u32), a.flags).build();
            prep_files_update(a.address::<c_int>().cast_mut(), a.len, a.other)
                == opcode::FilesUpdate::new(a.address(), a.len).offset(a.other).build();
        }
    }

    #[test]
    fn sockets(a in arguments()) {
        let fd = Fd(a.fd);
        let flags = a.flags as c_int;
        let buf = a.address::<c_void>().cast_mut();
        let addr = a.address::<sockaddr>().cast_mut();
        let addrlen = a.second::<socklen_t>().cast_mut();
        agree! {
            prep_socket(a.fd, a.other, flags, 0) == opcode::Socket::new(a.fd, a.other, flags).build();
            prep_socket_direct(a.fd, a.other, flags, a.slot, 0)
                == opcode::Socket::new(a.fd, a.other, flags).file_index(Some(a.destination())).build();
            prep_socket_direct_alloc(a.fd, a.other, flags, 0)
                == opcode::Socket::new(a.fd, a.other, flags).file_index(Some(DestinationSlot::auto_target())).build();
            prep_bind(a.fd, addr, a.len) == opcode::Bind::new(fd, a.address(), a.len).build();
            prep_listen(a.fd, flags) == opcode::Listen::new(fd, flags).build();
            prep_accept(a.fd, addr, addrlen, flags)
                == opcode::Accept::new(fd, addr, addrlen).flags(flags).build();
            prep_accept_direct(a.fd, addr, addrlen, flags, a.slot)
                == opcode::Accept::new(fd, addr, addrlen).flags(flags).file_index(Some(a.destination())).build();
            prep_multishot_accept(a.fd, core::ptr::null_mut(), core::ptr::null_mut(), flags)
                == opcode::AcceptMulti::new(fd).flags(flags).build();
            prep_multishot_accept_direct(a.fd, core::ptr::null_mut(), core::ptr::null_mut(), flags)
                == opcode::AcceptMulti::new(fd).flags(flags).allocate_file_index(true).build();
            prep_connect(a.fd, addr, a.len) == opcode::Connect::new(fd, addr, a.len).build();
            prep_shutdown(a.fd, flags) == opcode::Shutdown::new(fd, flags).build();
            prep_send(a.fd, buf, a.len as usize, flags)
                == opcode::Send::new(fd, a.address(), a.len).flags(flags).build();
            prep_sendto(a.fd, buf, a.len as usize, flags, a.second(), a.small.into())
                == opcode::Send::new(fd, a.address(), a.len).flags(flags)
                    .dest_addr(a.second()).dest_addr_len(a.small.into()).build();
            prep_send_zc(a.fd, buf, a.len as usize, flags, a.small.into())
                == opcode::SendZc::new(fd, a.address(), a.len).flags(flags).zc_flags(a.small).build();
            prep_send_zc_fixed(a.fd, buf, a.len as usize, flags, IORING_RECVSEND_POLL_FIRST, a.small.into())
                == opcode::SendZc::new(fd, a.address(), a.len).flags(flags).zc_flags(1).buf_index(Some(a.small)).build();
            prep_sendmsg(a.fd, a.address(), a.flags) == opcode::SendMsg::new(fd, a.address()).flags(a.flags).build();
            prep_sendmsg_zc(a.fd, a.address(), a.flags) == opcode::SendMsgZc::new(fd, a.address()).flags(a.flags).build();
            prep_recv(a.fd, buf, a.len as usize, flags)
                == opcode::Recv::new(fd, buf.cast(), a.len).flags(flags).build();
            prep_recvmsg(a.fd, a.address::<msghdr>().cast_mut(), a.flags)
                == opcode::RecvMsg::new(fd, a.address::<msghdr>().cast_mut()).flags(a.flags).build();
        }
    }

    /// The crate sets the buffer selection that C leaves to the caller.
    #[test]
    fn multishot_receives_and_bundles(a in arguments()) {
        let fd = Fd(a.fd);
        let select = |fill: &dyn Fn(*mut io_uring_sqe)| ours(|sqe| {
            fill(sqe);
            // SAFETY: the SQE is writable.
            unsafe { sqe_set_flags(sqe, IOSQE_BUFFER_SELECT) };
            // SAFETY: as above.
            unsafe { sqe_set_buf_group(sqe, a.small.into()) };
        });
        // SAFETY: the SQE is writable.
        let recv = select(&|sqe| unsafe { prep_recv_multishot(sqe, a.fd, core::ptr::null_mut(), 0, a.flags as c_int) });
        prop_assert_eq!(recv, theirs(opcode::RecvMulti::new(fd, a.small).flags(a.flags as c_int).build()));
        let msg = a.address::<msghdr>();
        // SAFETY: the SQE is writable.
        let recvmsg = select(&|sqe| unsafe { prep_recvmsg_multishot(sqe, a.fd, msg.cast_mut(), a.flags) });
        prop_assert_eq!(recvmsg, theirs(opcode::RecvMsgMulti::new(fd, msg, a.small).flags(a.flags).build()));
        // SAFETY: the SQE is writable.
        let bundle = select(&|sqe| unsafe { prep_send_bundle(sqe, a.fd, a.len as usize, a.flags as c_int) });
        prop_assert_eq!(bundle, theirs(opcode::SendBundle::new(fd, a.small).len(a.len).flags(a.flags as c_int).build()));
    }

    #[test]
    fn waiting_and_cancelling(a in arguments()) {
        let fd = Fd(a.fd);
        let ts = a.address::<__kernel_timespec>();
        agree! {
            prep_poll_add(a.fd, a.flags) == opcode::PollAdd::new(fd, a.flags).build();
            prep_poll_multishot(a.fd, a.flags) == opcode::PollAdd::new(fd, a.flags).multi(true).build();
            prep_poll_remove(a.offset) == opcode::PollRemove::new(a.offset).build();
            prep_timeout(ts, a.len, IORING_TIMEOUT_ABS)
                == opcode::Timeout::new(ts.cast::<Timespec>()).count(a.len).flags(TimeoutFlags::ABS).build();
            prep_timeout_remove(a.offset, 0) == opcode::TimeoutRemove::new(a.offset).build();
            prep_timeout_update(ts, a.offset, IORING_TIMEOUT_REALTIME)
                == opcode::TimeoutUpdate::new(a.offset, ts.cast::<Timespec>()).flags(TimeoutFlags::REALTIME).build();
            prep_link_timeout(ts, IORING_TIMEOUT_BOOTTIME)
                == opcode::LinkTimeout::new(ts.cast::<Timespec>()).flags(TimeoutFlags::BOOTTIME).build();
            prep_cancel64(a.offset, 0) == opcode::AsyncCancel::new(a.offset).build();
            prep_cancel_fd(a.fd, 0) == opcode::AsyncCancel2::new(CancelBuilder::fd(fd)).build();
            prep_cancel_fd(a.fd, IORING_ASYNC_CANCEL_ALL) == opcode::AsyncCancel2::new(CancelBuilder::fd(fd).all()).build();
            prep_epoll_ctl(a.fd, a.other, a.flags as c_int, a.address())
                == opcode::EpollCtl::new(fd, Fd(a.other), a.flags as c_int, a.address()).build();
            prep_epoll_wait(a.fd, a.address::<epoll_event>().cast_mut(), a.other, a.flags)
                == opcode::EpollWait::new(fd, a.address::<io_uring::types::epoll_event>().cast_mut(), a.other as u32)
                    .flags(a.flags).build();
            prep_waitid(a.len, a.fd as id_t, a.address::<siginfo_t>().cast_mut(), a.other, a.flags)
                == opcode::WaitId::new(a.len, a.fd as id_t, a.other)
                    .infop(a.address::<siginfo_t>()).flags(a.flags).build();
            prep_futex_wake(a.address(), a.offset, a.slot.into(), a.flags, a.len)
                == opcode::FutexWake::new(a.address(), a.offset, a.slot.into(), a.flags).flags(a.len).build();
            prep_futex_wait(a.address(), a.offset, a.slot.into(), a.flags, a.len)
                == opcode::FutexWait::new(a.address(), a.offset, a.slot.into(), a.flags).flags(a.len).build();
            prep_futex_waitv(a.address(), a.len, a.flags)
                == opcode::FutexWaitV::new(a.address(), a.len).flags(a.flags).build();
        }
    }

    #[test]
    fn buffers_messages_and_commands(a in arguments()) {
        let fd = Fd(a.fd);
        agree! {
            prep_provide_buffers(a.address::<c_void>().cast_mut(), a.fd, a.small.into(), a.small.into(), 7)
                == opcode::ProvideBuffers::new(a.address::<u8>().cast_mut(), a.fd, a.small, a.small, 7).build();
            prep_remove_buffers(a.small.into(), a.small.into()) == opcode::RemoveBuffers::new(a.small, a.small).build();
            prep_msg_ring(a.fd, a.other as u32, a.offset, 0)
                == opcode::MsgRingData::new(fd, a.other, a.offset, None).build();
            prep_msg_ring_cqe_flags(a.fd, a.other as u32, a.offset, 0, a.flags)
                == opcode::MsgRingData::new(fd, a.other, a.offset, Some(a.flags)).build();
            prep_msg_ring_fd(a.fd, a.other, a.slot as c_int, a.offset, 0)
                == opcode::MsgRingSendFd::new(fd, io_uring::types::Fixed(a.other as u32), a.destination(), a.offset).build();
            prep_msg_ring_fd_alloc(a.fd, a.other, a.offset, 0)
                == opcode::MsgRingSendFd::new(fd, io_uring::types::Fixed(a.other as u32), DestinationSlot::auto_target(), a.offset).build();
            prep_uring_cmd(a.other, a.fd) == opcode::UringCmd16::new(fd, a.other as u32).build();
            prep_cmd_sock(SOCKET_URING_OP_SETSOCKOPT as c_int, a.fd, a.other, a.flags as c_int, a.address::<c_void>().cast_mut(), a.len as c_int)
                == opcode::SetSockOpt::new(fd, a.other as u32, a.flags, a.address(), a.len).build();
        }
    }
}
