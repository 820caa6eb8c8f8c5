//! Rows for files and directories.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! fs_ops {
    ($callback:ident) => {
        $callback! {
            /// Open `path` relative to the directory `dfd`, as openat(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: the descriptor. Linux 5.6.
            /// See io_uring_prep_openat(3).
            [2.4] fn prep_openat(dfd: c_int, path: *const c_char, flags: c_int, mode: mode_t) {
                prep_rw(IORING_OP_OPENAT, dfd, path, mode, 0);
                open_flags = flags;
            }

            /// `io_uring_prep_openat()` into the slot `file_index` of the registered files, without an ordinary descriptor.
            ///
            /// `IORING_FILE_INDEX_ALLOC` lets the kernel choose the slot (Linux 5.19). Result: 0, or the slot that the
            /// kernel chose; -ENFILE when none is free; -EINVAL with `O_CLOEXEC`, which registered files do not have.
            /// Linux 5.15. See io_uring_prep_openat_direct(3).
            [2.4] fn prep_openat_direct(dfd: c_int, path: *const c_char, flags: c_int, mode: mode_t, file_index: c_uint) {
                prep_openat(dfd, path, flags, mode);
                __set_target_file_or_alloc(file_index);
            }

            /// Open `path`, as open(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: the descriptor. Linux 5.6.
            /// See io_uring_prep_open(3).
            [2.8] fn prep_open(path: *const c_char, flags: c_int, mode: mode_t) {
                prep_openat(AT_FDCWD, path, flags, mode);
            }

            /// `io_uring_prep_open()` into the slot `file_index` of the registered files; see `io_uring_prep_openat_direct()`.
            ///
            /// Result: 0, or the slot that the kernel chose. Linux 5.15. See io_uring_prep_open_direct(3).
            [2.8] fn prep_open_direct(path: *const c_char, flags: c_int, mode: mode_t, file_index: c_uint) {
                prep_openat_direct(AT_FDCWD, path, flags, mode, file_index);
            }

            /// Open `path` relative to the directory `dfd`, as openat2(2) does.
            ///
            /// The string and `how` must stay valid until the SQE has been submitted. Result: the descriptor. Linux 5.6.
            /// See io_uring_prep_openat2(3).
            [2.4] fn prep_openat2(dfd: c_int, path: *const c_char, how: *const open_how) {
                prep_rw(IORING_OP_OPENAT2, dfd, path, size_of::<open_how>(), ptr(how));
            }

            /// `io_uring_prep_openat2()` into the slot `file_index` of the registered files; see `io_uring_prep_openat_direct()`.
            ///
            /// Result: 0, or the slot that the kernel chose. Linux 5.15. See io_uring_prep_openat2_direct(3).
            [2.4] fn prep_openat2_direct(dfd: c_int, path: *const c_char, how: *const open_how, file_index: c_uint) {
                prep_openat2(dfd, path, how);
                __set_target_file_or_alloc(file_index);
            }

            /// Close the descriptor `fd`, as close(2) does.
            ///
            /// Result: 0; -EBADF also for the ring's own descriptor. Linux 5.6. See io_uring_prep_close(3).
            [2.4] fn prep_close(fd: c_int) {
                prep_rw(IORING_OP_CLOSE, fd, NULL, 0, 0);
            }

            /// Empty the slot `file_index` of the registered files.
            ///
            /// Result: 0; -EBADF when the slot is empty; -EINVAL beyond the table. Linux 5.15.
            /// See io_uring_prep_close_direct(3).
            [2.4] fn prep_close_direct(file_index: c_uint) {
                prep_close(0);
                __set_target_fixed_file(file_index);
            }

            /// Get the attributes of a file, as statx(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted, `statxbuf` until the completion. Result: 0.
            /// Linux 5.6. See io_uring_prep_statx(3).
            [2.4] fn prep_statx(dfd: c_int, path: *const c_char, flags: c_int, mask: c_uint, statxbuf: *mut statx) {
                prep_rw(IORING_OP_STATX, dfd, path, mask, ptr(statxbuf));
                statx_flags = flags;
            }

            /// Allocate, free or zero `len` bytes of a file from `offset` on, as fallocate(2) does with `mode`.
            ///
            /// Result: 0. Linux 5.6. See io_uring_prep_fallocate(3).
            [2.4] fn prep_fallocate(fd: c_int, mode: c_int, offset: __u64, len: __u64) {
                prep_rw(IORING_OP_FALLOCATE, fd, NULL, mode, offset);
                addr = len;
            }

            /// Set the length of a file, as ftruncate(2) does.
            ///
            /// Needs `_GNU_SOURCE`, for `loff_t`. Result: 0. Linux 6.9.
            [2.6 gnu] fn prep_ftruncate(fd: c_int, len: loff_t) {
                prep_rw(IORING_OP_FTRUNCATE, fd, NULL, 0, len);
            }

            /// Remove a name relative to the directory `dfd`, as unlinkat(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: 0. Linux 5.11.
            /// See io_uring_prep_unlinkat(3).
            [2.4] fn prep_unlinkat(dfd: c_int, path: *const c_char, flags: c_int) {
                prep_rw(IORING_OP_UNLINKAT, dfd, path, 0, 0);
                unlink_flags = flags;
            }

            /// Remove a name, as unlink(2) does, or rmdir(2) with `AT_REMOVEDIR`.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: 0. Linux 5.11.
            /// See io_uring_prep_unlink(3).
            [2.4] fn prep_unlink(path: *const c_char, flags: c_int) {
                prep_unlinkat(AT_FDCWD, path, flags);
            }

            /// Give a file another name, as renameat2(2) does with the `RENAME_*` flags.
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.11.
            /// See io_uring_prep_renameat(3).
            [2.4] fn prep_renameat(olddfd: c_int, oldpath: *const c_char, newdfd: c_int, newpath: *const c_char, flags: c_uint) {
                prep_rw(IORING_OP_RENAMEAT, olddfd, oldpath, newdfd, ptr(newpath));
                rename_flags = flags;
            }

            /// Give a file another name, as rename(2) does.
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.11.
            /// See io_uring_prep_rename(3).
            [2.4] fn prep_rename(oldpath: *const c_char, newpath: *const c_char) {
                prep_renameat(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
            }

            /// Make a directory relative to the directory `dfd`, as mkdirat(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_mkdirat(3).
            [2.4] fn prep_mkdirat(dfd: c_int, path: *const c_char, mode: mode_t) {
                prep_rw(IORING_OP_MKDIRAT, dfd, path, mode, 0);
            }

            /// Make a directory, as mkdir(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_mkdir(3).
            [2.4] fn prep_mkdir(path: *const c_char, mode: mode_t) {
                prep_mkdirat(AT_FDCWD, path, mode);
            }

            /// Make a symbolic link with the content `target`, as symlinkat(2) does.
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_symlinkat(3).
            [2.4] fn prep_symlinkat(target: *const c_char, newdirfd: c_int, linkpath: *const c_char) {
                prep_rw(IORING_OP_SYMLINKAT, newdirfd, target, 0, ptr(linkpath));
            }

            /// Make a symbolic link with the content `target`, as symlink(2) does.
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_symlink(3).
            [2.4] fn prep_symlink(target: *const c_char, linkpath: *const c_char) {
                prep_symlinkat(target, AT_FDCWD, linkpath);
            }

            /// Give a file one more name, as linkat(2) does.
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_linkat(3).
            [2.4] fn prep_linkat(olddfd: c_int, oldpath: *const c_char, newdfd: c_int, newpath: *const c_char, flags: c_int) {
                prep_rw(IORING_OP_LINKAT, olddfd, oldpath, newdfd, ptr(newpath));
                hardlink_flags = flags;
            }

            /// Give a file one more name, as link(2) does, with the `AT_*` flags of linkat(2).
            ///
            /// The strings must stay valid until the SQE has been submitted. Result: 0. Linux 5.15.
            /// See io_uring_prep_link(3).
            [2.4] fn prep_link(oldpath: *const c_char, newpath: *const c_char, flags: c_int) {
                prep_linkat(AT_FDCWD, oldpath, AT_FDCWD, newpath, flags);
            }

            /// Read the extended attribute `name` of the file `path` into `value`, as getxattr(2) does.
            ///
            /// The strings must stay valid until the SQE has been submitted, the `len` bytes at `value` until the completion.
            /// Result: length of the value, also when `len` is 0; -ERANGE when it does not fit. Linux 5.19.
            /// See io_uring_prep_getxattr(3).
            [2.4] fn prep_getxattr(name: *const c_char, value: *mut c_char, path: *const c_char, len: c_uint) {
                prep_rw(IORING_OP_GETXATTR, 0, name, len, ptr(value));
                addr3 = ptr(path);
                xattr_flags = 0;
            }

            /// Set the extended attribute `name` of the file `path` to the `len` bytes at `value`, as setxattr(2) does.
            ///
            /// The strings and the value must stay valid until the SQE has been submitted. Result: 0. Linux 5.19.
            /// See io_uring_prep_setxattr(3).
            [2.4] fn prep_setxattr(name: *const c_char, value: *const c_char, path: *const c_char, flags: c_int, len: c_uint) {
                prep_rw(IORING_OP_SETXATTR, 0, name, len, ptr(value));
                addr3 = ptr(path);
                xattr_flags = flags;
            }

            /// Read the extended attribute `name` of `fd` into `value`, as fgetxattr(2) does.
            ///
            /// The string must stay valid until the SQE has been submitted, the `len` bytes at `value` until the completion.
            /// Result: length of the value; -ERANGE when it does not fit. Linux 5.19. See io_uring_prep_fgetxattr(3).
            [2.4] fn prep_fgetxattr(fd: c_int, name: *const c_char, value: *mut c_char, len: c_uint) {
                prep_rw(IORING_OP_FGETXATTR, fd, name, len, ptr(value));
                xattr_flags = 0;
            }

            /// Set the extended attribute `name` of `fd` to the `len` bytes at `value`, as fsetxattr(2) does.
            ///
            /// The string and the value must stay valid until the SQE has been submitted. Result: 0. Linux 5.19.
            /// See io_uring_prep_fsetxattr(3).
            [2.4] fn prep_fsetxattr(fd: c_int, name: *const c_char, value: *const c_char, flags: c_int, len: c_uint) {
                prep_rw(IORING_OP_FSETXATTR, fd, name, len, ptr(value));
                xattr_flags = flags;
            }

            /// Make a pipe and store its two descriptors at `fds`, as pipe2(2) does with `pipe_flags`.
            ///
            /// `fds` must stay valid until the completion. Result: 0. Linux 6.16. See io_uring_prep_pipe(3).
            [2.12] fn prep_pipe(fds: *mut c_int, pipe_flags: c_int) {
                prep_rw(IORING_OP_PIPE, 0, fds, 0, 0);
                pipe_flags = pipe_flags;
            }

            /// Make a pipe whose ends go into the slots `file_index` and `file_index + 1` of the registered files.
            ///
            /// With `IORING_FILE_INDEX_ALLOC` the kernel chooses the slots and stores them at `fds`, which must stay valid until
            /// the completion. Result: 0. Linux 6.16. See io_uring_prep_pipe(3).
            [2.12] fn prep_pipe_direct(fds: *mut c_int, pipe_flags: c_int, file_index: c_uint) {
                prep_pipe(fds, pipe_flags);
                __set_target_file_or_alloc(file_index);
            }
        }
    };
}
