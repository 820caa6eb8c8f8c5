//! A kernel for tests: it answers the system calls of the thread that installed it, from a script and from a small model of
//! io_uring.
//!
//! The model knows rings (memory, heads, tails, flags), descriptors and mappings. Each `io_uring_enter` of the ring that was set up
//! first is answered by the next [`Enter`] of the script, or, when there is none, as a kernel would that has nothing special to say: it
//! consumes what is submitted, completes every NOP and delivers every message. What a test wants to go wrong it puts into the
//! script or into the public members.

mod process;

use super::{arch, IO_URING_ENTER, IO_URING_REGISTER, IO_URING_SETUP};
use crate::uapi::*;
use core::cell::RefCell;
use libc::{EBADF, EFAULT, EINVAL, EMFILE, ENOMEM};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// What one `io_uring_enter` does.
#[derive(Clone, Default)]
pub(crate) struct Enter {
    /// SQEs that are consumed at most; the rest stays in the queue.
    pub(crate) consume: Option<u32>,
    /// CQEs that are posted, after those of consumed NOPs.
    pub(crate) post: Vec<(u64, i32, u32)>,
    /// Result in place of the number consumed.
    pub(crate) result: Option<i32>,
    /// Bits of the SQ flags word afterwards.
    pub(crate) flags: Option<u32>,
    /// Nanoseconds that it takes.
    pub(crate) takes: u64,
}

impl Enter {
    pub(crate) fn fails(errno: i32) -> Self {
        Self { consume: Some(0), result: Some(-errno), ..Self::default() }
    }

    pub(crate) fn consumes(nr: u32) -> Self {
        Self { consume: Some(nr), ..Self::default() }
    }

    pub(crate) fn posts(user_data: u64, res: i32) -> Self {
        Self { post: vec![(user_data, res, 0)], ..Self::default() }
    }
}

/// What `getsockopt` says about a descriptor.
#[derive(Clone, Copy)]
pub(crate) struct Socket {
    pub(crate) domain: i32,
    pub(crate) kind: i32,
    pub(crate) protocol: i32,
    pub(crate) cookie: u64,
    /// An upper-layer protocol has taken the socket over.
    pub(crate) has_ulp: bool,
}

/// An `io_uring_enter` as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) fd: i32,
    pub(crate) to_submit: u32,
    pub(crate) min_complete: u32,
    pub(crate) flags: u32,
    pub(crate) arg: usize,
    pub(crate) size: usize,
}

/// A ring's memory, which stays at one place for the life of the model.
struct FakeRing {
    entries: (u32, u32),
    flags: u32,
    rings: Box<[u32]>,
    /// Where the completion ring is a mapping of its own: its words, at the same offsets.
    cq_ring: Option<Box<[u32]>>,
    sqes: Box<[io_uring_sqe]>,
}

/// Places of the words in `FakeRing::rings`, as indices of 32-bit words.
mod word {
    pub(super) const SQ_HEAD: usize = 0;
    pub(super) const SQ_TAIL: usize = 1;
    pub(super) const CQ_HEAD: usize = 2;
    pub(super) const CQ_TAIL: usize = 3;
    pub(super) const SQ_MASK: usize = 4;
    pub(super) const CQ_MASK: usize = 5;
    pub(super) const SQ_ENTRIES: usize = 6;
    pub(super) const CQ_ENTRIES: usize = 7;
    pub(super) const DROPPED: usize = 8;
    pub(super) const SQ_FLAGS: usize = 9;
    pub(super) const CQ_FLAGS: usize = 10;
    pub(super) const OVERFLOW: usize = 11;
    pub(super) const CQES: usize = 16;
}

impl FakeRing {
    fn place(&self, index: usize) -> *const u32 {
        let is_cq = matches!(index, word::CQ_HEAD | word::CQ_TAIL | word::CQ_MASK | word::CQ_ENTRIES)
            || (word::CQ_FLAGS..word::CQES + self.cqe_words()).contains(&index);
        match &self.cq_ring {
            Some(cq_ring) if is_cq => &cq_ring[index],
            _ => &self.rings[index],
        }
    }

    fn cqe_words(&self) -> usize {
        (self.entries.1 as usize * 4) << usize::from(self.flags & IORING_SETUP_CQE32 != 0)
    }

    fn word(&self, index: usize) -> u32 {
        // SAFETY: inside a box; volatile because the library writes it through a pointer of its own.
        unsafe { self.place(index).read_volatile() }
    }

    fn set_word(&mut self, index: usize, value: u32) {
        // SAFETY: as above; the model has the only other access, and one thread.
        unsafe { self.place(index).cast_mut().write_volatile(value) };
    }

    fn post(&mut self, (user_data, res, flags): (u64, i32, u32)) {
        let tail = self.word(word::CQ_TAIL);
        let wide = usize::from(self.flags & IORING_SETUP_CQE32 != 0);
        let at = word::CQES + (((tail & (self.entries.1 - 1)) as usize) << wide) * 4;
        for (i, value) in [user_data as u32, (user_data >> 32) as u32, res as u32, flags].into_iter().enumerate() {
            self.set_word(at + i, value);
        }
        self.set_word(word::CQ_TAIL, tail.wrapping_add(1));
    }
}

/// The model. Members are what kernels differ in, and what a test wants to see.
pub(crate) struct Kernel {
    /// `IORING_FEAT_*` that setup reports.
    pub(crate) features: u32,
    /// Setup flags that are known.
    pub(crate) setup_flags: u32,
    /// Results of the next calls of setup, before the model is asked.
    pub(crate) setups: VecDeque<i32>,
    /// Number of the `mmap` that fails with ENOMEM, counted from 1.
    pub(crate) failing_mmap: Option<u32>,
    /// Answers of the next enters.
    pub(crate) enters: VecDeque<Enter>,
    /// Answers of the next registrations; -EINVAL when there is none, but for registered ring descriptors.
    pub(crate) registers: VecDeque<i32>,
    /// Whether ring descriptors can be registered.
    pub(crate) ring_fds: bool,
    /// Errors of the next duplications of a descriptor.
    pub(crate) duplicates: VecDeque<i32>,
    /// The last opcode that a probe shows; without one probing is -EINVAL.
    pub(crate) last_op: Option<u32>,
    /// Whether a system call sends messages to rings.
    pub(crate) sync_msg: bool,
    /// What `IORING_REGISTER_SYNC_CANCEL` was asked for.
    pub(crate) sync_cancels: Vec<io_uring_sync_cancel_reg>,
    /// Results of the next messages that another ring sends; nothing is delivered where it is an error.
    pub(crate) messages: VecDeque<i32>,
    pub(crate) sockets: BTreeMap<i32, Socket>,
    /// How often `getsockopt` was called.
    pub(crate) sockets_asked: u32,
    /// Memory from here to there cannot be read.
    pub(crate) unreadable: (usize, usize),
    /// Error of `process_vm_readv` whatever it is asked for.
    pub(crate) read_error: Option<i32>,
    /// Nanoseconds of the monotonic clock.
    pub(crate) now: u64,
    /// Where it is `Some`, memory that is given back is noted here and stays.
    pub(crate) unmapped: Option<Vec<usize>>,
    /// Soft and hard limit of open files.
    pub(crate) nofile: (u64, u64),
    /// Enters that were made.
    pub(crate) entered: Vec<Entered>,
    /// SQEs of the first ring that were consumed.
    pub(crate) issued: Vec<io_uring_sqe>,
    /// Time limits, in nanoseconds, and minimal times, in microseconds, of the enters with an extended argument.
    pub(crate) limits: Vec<(Option<u64>, u32)>,
    /// Registrations that were made: descriptor, opcode, count.
    pub(crate) registered: Vec<(i32, u32, u32)>,
    /// Setups that were made: entries and flags.
    pub(crate) setups_made: Vec<(u32, u32)>,
    mmaps: u32,
    rings: BTreeMap<i32, FakeRing>,
    /// Duplicates of rings' descriptors.
    aliases: BTreeMap<i32, i32>,
    closed: Vec<FakeRing>,
    mappings: Vec<(usize, usize)>,
    anonymous: BTreeMap<usize, std::alloc::Layout>,
    next_fd: i32,
}

thread_local! {
    static KERNEL: RefCell<Option<Rc<RefCell<Kernel>>>> = const { RefCell::new(None) };
}

/// The installed kernel; the real one is back when this is dropped.
pub(crate) struct Installed(Rc<RefCell<Kernel>>);

impl Drop for Installed {
    fn drop(&mut self) {
        KERNEL.set(None);
    }
}

impl Installed {
    pub(crate) fn get(&self) -> core::cell::RefMut<'_, Kernel> {
        self.0.borrow_mut()
    }

    /// Open descriptors and mappings.
    pub(crate) fn held(&self) -> (usize, usize) {
        let kernel = self.0.borrow();
        (kernel.rings.len() + kernel.aliases.len(), kernel.mappings.len())
    }

    /// The enters since the last call of this function.
    pub(crate) fn take_entered(&self) -> Vec<Entered> {
        core::mem::take(&mut self.0.borrow_mut().entered)
    }

    /// Bits of the SQ flags word of the first ring.
    pub(crate) fn set_sq_flags(&self, flags: u32) {
        self.0.borrow_mut().first_ring().set_word(word::SQ_FLAGS, flags);
    }

    /// The kernel's thread consumes everything that is published.
    pub(crate) fn consume_all(&self) {
        let mut kernel = self.0.borrow_mut();
        let ring = kernel.first_ring();
        let tail = ring.word(word::SQ_TAIL);
        ring.set_word(word::SQ_HEAD, tail);
    }

    /// SQE at the head of the first ring's queue, `ahead` entries on.
    pub(crate) fn sqe(&self, ahead: u32) -> io_uring_sqe {
        let mut kernel = self.0.borrow_mut();
        let ring = kernel.first_ring();
        let index = ring.word(word::SQ_HEAD).wrapping_add(ahead) & (ring.entries.0 - 1);
        // SAFETY: inside the box; the library wrote it through a pointer of its own.
        unsafe { (&raw const ring.sqes[index as usize]).read_volatile() }
    }

    pub(crate) fn post(&self, user_data: u64, res: i32, flags: u32) {
        self.0.borrow_mut().first_ring().post((user_data, res, flags));
    }

    /// Fills the memory of the first ring's CQEs.
    pub(crate) fn fill_cqes(&self, value: u32) {
        let mut kernel = self.0.borrow_mut();
        let ring = kernel.first_ring();
        (0..ring.cqe_words()).for_each(|i| ring.set_word(word::CQES + i, value));
    }

    /// Head and tail of the first ring's CQ, as the kernel sees them.
    pub(crate) fn cq(&self) -> (u32, u32) {
        let mut kernel = self.0.borrow_mut();
        let ring = kernel.first_ring();
        (ring.word(word::CQ_HEAD), ring.word(word::CQ_TAIL))
    }
}

impl Kernel {
    /// A kernel of today.
    pub(crate) fn new() -> Self {
        Self {
            features: 0x3ffff,
            setup_flags: (1 << 21) - 1,
            setups: VecDeque::new(),
            failing_mmap: None,
            enters: VecDeque::new(),
            registers: VecDeque::new(),
            ring_fds: true,
            duplicates: VecDeque::new(),
            last_op: None,
            sync_msg: false,
            sync_cancels: Vec::new(),
            messages: VecDeque::new(),
            sockets: BTreeMap::new(),
            sockets_asked: 0,
            unreadable: (0, 0),
            read_error: None,
            now: 1,
            unmapped: None,
            nofile: (1024, 4096),
            entered: Vec::new(),
            issued: Vec::new(),
            limits: Vec::new(),
            registered: Vec::new(),
            setups_made: Vec::new(),
            mmaps: 0,
            rings: BTreeMap::new(),
            aliases: BTreeMap::new(),
            closed: Vec::new(),
            mappings: Vec::new(),
            anonymous: BTreeMap::new(),
            next_fd: 100,
        }
    }

    pub(crate) fn install(self) -> Installed {
        let kernel = Rc::new(RefCell::new(self));
        KERNEL.set(Some(Rc::clone(&kernel)));
        Installed(kernel)
    }

    /// The ring of the test; others are the library's own.
    fn first_ring(&mut self) -> &mut FakeRing {
        self.rings.values_mut().next().expect("the test has a ring")
    }

    /// The `nr`-th mapping from now on fails.
    pub(crate) fn fail_mmap(&mut self, nr: u32) {
        self.failing_mmap = Some(self.mmaps + nr);
    }

    fn setup(&mut self, entries: u32, p: *mut io_uring_params) -> i32 {
        if p.is_null() {
            return -EFAULT;
        }
        // SAFETY: the library's parameters.
        let p = unsafe { &mut *p };
        self.setups_made.push((entries, p.flags));
        if let Some(result) = self.setups.pop_front() {
            if result < 0 {
                return result;
            }
        }
        if entries == 0 || p.flags & !self.setup_flags != 0 {
            return -EINVAL;
        }
        let sq = entries.next_power_of_two();
        let cq = if p.flags & IORING_SETUP_CQSIZE != 0 { p.cq_entries.next_power_of_two() } else { 2 * sq };
        let wide = u32::from(p.flags & IORING_SETUP_CQE32 != 0);
        let array = word::CQES as u32 + ((cq * 4) << wide);
        let words = (array + sq) as usize;
        let single = self.features & IORING_FEAT_SINGLE_MMAP != 0;
        let no_array = p.flags & IORING_SETUP_NO_SQARRAY != 0;
        let mut ring = FakeRing {
            entries: (sq, cq),
            flags: p.flags,
            rings: vec![0; words].into(),
            cq_ring: (!single).then(|| vec![0; words].into()),
            sqes: vec![io_uring_sqe::EMPTY; (sq as usize) << usize::from(p.flags & IORING_SETUP_SQE128 != 0)].into(),
        };
        for (index, value) in
            [(word::SQ_MASK, sq - 1), (word::CQ_MASK, cq - 1), (word::SQ_ENTRIES, sq), (word::CQ_ENTRIES, cq)]
        {
            ring.set_word(index, value);
        }
        if p.flags & IORING_SETUP_NO_MMAP != 0 {
            // The model goes on with its own memory; the library reads the sizes from the program's.
            // SAFETY: the library promises a page at least.
            unsafe { (p.cq_off.user_addr as *mut u32).copy_from(ring.rings.as_ptr(), word::CQES) };
        }
        let offset = |index: usize| index as u32 * 4;
        p.sq_entries = sq;
        p.cq_entries = cq;
        p.features = self.features;
        p.sq_off = io_sqring_offsets {
            head: offset(word::SQ_HEAD),
            tail: offset(word::SQ_TAIL),
            ring_mask: offset(word::SQ_MASK),
            ring_entries: offset(word::SQ_ENTRIES),
            flags: offset(word::SQ_FLAGS),
            dropped: offset(word::DROPPED),
            array: if no_array { 0 } else { array * 4 },
            ..p.sq_off
        };
        p.cq_off = io_cqring_offsets {
            head: offset(word::CQ_HEAD),
            tail: offset(word::CQ_TAIL),
            ring_mask: offset(word::CQ_MASK),
            ring_entries: offset(word::CQ_ENTRIES),
            overflow: offset(word::OVERFLOW),
            cqes: offset(word::CQES),
            flags: offset(word::CQ_FLAGS),
            ..p.cq_off
        };
        let fd = self.next_fd;
        self.next_fd += 1;
        self.rings.insert(fd, ring);
        fd
    }

    fn mmap(&mut self, len: usize, flags: i32, fd: i32, offset: usize) -> isize {
        self.mmaps += 1;
        if self.failing_mmap == Some(self.mmaps) {
            return -(ENOMEM as isize);
        }
        let addr = if flags & libc::MAP_ANONYMOUS != 0 {
            let layout = std::alloc::Layout::from_size_align(len, 4096).expect("a size of the library");
            // SAFETY: the size is not zero.
            let addr = unsafe { std::alloc::alloc_zeroed(layout) } as usize;
            self.anonymous.insert(addr, layout);
            addr
        } else {
            match self.rings.get_mut(&fd) {
                None => return -(EBADF as isize),
                Some(ring) if offset == IORING_OFF_SQES as usize => ring.sqes.as_mut_ptr() as usize,
                Some(FakeRing { cq_ring: Some(cq_ring), .. }) if offset == IORING_OFF_CQ_RING as usize => {
                    cq_ring.as_mut_ptr() as usize
                }
                Some(ring) => ring.rings.as_mut_ptr() as usize,
            }
        };
        self.mappings.push((addr, len));
        addr as isize
    }

    fn munmap(&mut self, addr: usize, len: usize) -> i32 {
        let Some(index) = self.mappings.iter().position(|&mapping| mapping == (addr, len)) else {
            panic!("munmap of {len} bytes at {addr:#x}, which are not mapped: {:x?}", self.mappings);
        };
        if let Some(unmapped) = &mut self.unmapped {
            unmapped.push(addr);
            return 0;
        }
        self.mappings.swap_remove(index);
        if let Some(layout) = self.anonymous.remove(&addr) {
            // SAFETY: allocated in `mmap` with this layout.
            unsafe { std::alloc::dealloc(addr as *mut u8, layout) };
        }
        0
    }

    fn close(&mut self, fd: i32) -> i32 {
        if self.aliases.remove(&fd).is_some() {
            return 0;
        }
        match self.rings.remove(&fd) {
            // Mappings outlive the descriptor.
            Some(ring) => self.closed.push(ring),
            None => return -EBADF,
        }
        0
    }

    fn enter(&mut self, entered: Entered) -> i32 {
        self.entered.push(entered);
        let is_first = self.rings.keys().next() == Some(&entered.fd);
        let registered = entered.flags & IORING_ENTER_REGISTERED_RING != 0;
        let script = if is_first || registered { self.enters.pop_front() } else { None }.unwrap_or_default();
        self.now += script.takes;
        if entered.flags & (IORING_ENTER_EXT_ARG | IORING_ENTER_EXT_ARG_REG) == IORING_ENTER_EXT_ARG {
            // SAFETY: the library's argument.
            let arg = unsafe { &*(entered.arg as *const io_uring_getevents_arg) };
            // SAFETY: the library's, or the test's.
            let ts = unsafe { (arg.ts as *const __kernel_timespec).as_ref() };
            let limit = ts.map(|ts| ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64);
            self.limits.push((limit, arg.min_wait_usec));
        }
        let by_index = self.rings.keys().next().copied().filter(|_| registered);
        let mut messages = Vec::new();
        let Some(ring) = self.rings.get_mut(&by_index.unwrap_or(entered.fd)) else { return -EBADF };
        let head = ring.word(word::SQ_HEAD);
        let pending = ring.word(word::SQ_TAIL).wrapping_sub(head).min(entered.to_submit);
        let consumed = script.consume.unwrap_or(pending).min(pending);
        for i in 0..consumed {
            let index = head.wrapping_add(i) & (ring.entries.0 - 1);
            // SAFETY: inside the box.
            let sqe = unsafe { (&raw const ring.sqes[index as usize]).read_volatile() };
            if is_first {
                self.issued.push(sqe);
            }
            if u32::from(sqe.opcode) == IORING_OP_NOP {
                ring.post((sqe.user_data, 0, 0));
            } else if u32::from(sqe.opcode) == IORING_OP_MSG_RING {
                let result = self.messages.pop_front().unwrap_or(0);
                ring.post((sqe.user_data, result, 0));
                messages.extend((result == 0).then_some(sqe));
            }
        }
        ring.set_word(word::SQ_HEAD, head.wrapping_add(consumed));
        for cqe in script.post {
            ring.post(cqe);
        }
        if let Some(flags) = script.flags {
            ring.set_word(word::SQ_FLAGS, flags);
        }
        for sqe in messages {
            self.message(&sqe);
        }
        script.result.unwrap_or(consumed as i32)
    }

    /// Delivers the message of a `IORING_OP_MSG_RING`.
    fn message(&mut self, sqe: &io_uring_sqe) -> i32 {
        let fd = self.aliases.get(&sqe.fd).copied().unwrap_or(sqe.fd);
        let Some(ring) = self.rings.get_mut(&fd) else { return -EBADF };
        ring.post((sqe.off, sqe.len as i32, 0));
        0
    }

    fn register(&mut self, fd: i32, opcode: u32, arg: usize, nr: u32) -> i32 {
        self.registered.push((fd, opcode, nr));
        if opcode == IORING_REGISTER_SYNC_CANCEL && arg != 0 {
            // SAFETY: the library's or the test's argument.
            self.sync_cancels.push(unsafe { *(arg as *const io_uring_sync_cancel_reg) });
        }
        if let Some(result) = self.registers.pop_front() {
            return result;
        }
        if opcode == IORING_REGISTER_SEND_MSG_RING && self.sync_msg {
            // SAFETY: the library's argument.
            return self.message(unsafe { &*(arg as *const io_uring_sqe) });
        }
        if let (IORING_REGISTER_PROBE, Some(last_op)) = (opcode, self.last_op) {
            // SAFETY: the library's memory, an entry for each opcode behind the header.
            unsafe {
                let probe = arg as *mut io_uring_probe;
                (*probe).last_op = last_op as u8;
                for op in 0..=last_op {
                    (*probe.add(1).cast::<io_uring_probe_op>().add(op as usize)).flags = IO_URING_OP_SUPPORTED as u16;
                }
            }
            return 0;
        }
        let opcode = opcode & !IORING_REGISTER_USE_REGISTERED_RING;
        if self.ring_fds && opcode == IORING_REGISTER_RING_FDS {
            let update = arg as *mut io_uring_rsrc_update;
            // SAFETY: the library's argument.
            unsafe { (*update).offset = 7 };
            return 1;
        }
        if self.ring_fds && opcode == IORING_UNREGISTER_RING_FDS {
            return 1;
        }
        -EINVAL
    }

    fn prlimit(&mut self, new: usize, old: usize) -> i32 {
        if old != 0 {
            // SAFETY: the library's structure of two 64-bit members.
            unsafe { (old as *mut [u64; 2]).write([self.nofile.0, self.nofile.1]) };
        }
        if new != 0 {
            // SAFETY: as above.
            let [soft, hard] = unsafe { (new as *const [u64; 2]).read() };
            if soft > hard || hard > self.nofile.1 {
                return -EINVAL;
            }
            self.nofile = (soft, hard);
        }
        0
    }
}

/// The answer of the thread's fake kernel, or `None` where the real one is to be asked.
pub(super) fn answer(nr: usize, a: &[usize]) -> Option<isize> {
    let kernel = KERNEL.with_borrow(Clone::clone)?;
    let mut kernel = kernel.borrow_mut();
    Some(match nr {
        IO_URING_SETUP => kernel.setup(a[0] as u32, a[1] as *mut io_uring_params) as isize,
        IO_URING_ENTER => kernel.enter(Entered {
            fd: a[0] as i32,
            to_submit: a[1] as u32,
            min_complete: a[2] as u32,
            flags: a[3] as u32,
            arg: a[4],
            size: a[5],
        }) as isize,
        IO_URING_REGISTER => kernel.register(a[0] as i32, a[1] as u32, a[2], a[3] as u32) as isize,
        arch::MMAP => kernel.mmap(a[1], a[3] as i32, a[4] as i32, a[5]),
        arch::MUNMAP => kernel.munmap(a[0], a[1]) as isize,
        arch::CLOSE => kernel.close(a[0] as i32) as isize,
        arch::PRLIMIT64 => kernel.prlimit(a[2], a[3]) as isize,
        arch::MADVISE => 0,
        arch::FCNTL => kernel.fcntl(a[0] as i32) as isize,
        arch::GETSOCKOPT => kernel.getsockopt(a[0] as i32, a[1] as i32, a[2] as i32, a[3], a[4]) as isize,
        arch::GETPID => 1,
        arch::PROCESS_VM_READV => kernel.process_vm_readv(a[1], a[3]),
        arch::CLOCK_GETTIME => kernel.clock_gettime(a[1]) as isize,
        _ => return None,
    })
}

/// Descriptors run out.
pub(crate) const NO_DESCRIPTORS: i32 = -EMFILE;
