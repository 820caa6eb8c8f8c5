//! What a library without libc and without Rust's std has to bring along: the panic handler, and the memory functions that
//! the compiler calls.

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // There is nobody to tell: no stderr of our own, no unwinding. The trap leaves a core file with this frame in it.
    #[cfg(target_arch = "x86_64")]
    // SAFETY: ends the process, which is what a broken invariant deserves.
    unsafe {
        core::arch::asm!("ud2", options(noreturn))
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("udf #0", options(noreturn))
    }
    #[cfg(target_arch = "riscv64")]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("unimp", options(noreturn))
    }
}

// The compiler may turn a loop or a structure copy into a call of memcpy, memset or memcmp. These definitions are labels that the
// object file keeps to itself: they serve this library's calls only, need no libc, and leave a program's own
// `memset` alone. Nothing on a hot path uses them, so they are short.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".pushsection .text.oxiring_memory, \"ax\", @progbits",
    ".type memcpy, @function",
    "memcpy:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    ".size memcpy, . - memcpy",
    ".type memset, @function",
    "memset:",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".size memset, . - memset",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".pushsection .text.oxiring_memory, \"ax\", @progbits",
    ".type memcpy, @function",
    "memcpy:",
    "mov x3, x0",
    "1: cbz x2, 2f",
    "ldrb w4, [x1], #1",
    "strb w4, [x3], #1",
    "sub x2, x2, #1",
    "b 1b",
    "2: ret",
    ".size memcpy, . - memcpy",
    ".type memset, @function",
    "memset:",
    "mov x3, x0",
    "1: cbz x2, 2f",
    "strb w1, [x3], #1",
    "sub x2, x2, #1",
    "b 1b",
    "2: ret",
    ".size memset, . - memset",
    ".popsection",
);

#[cfg(target_arch = "riscv64")]
core::arch::global_asm!(
    ".pushsection .text.oxiring_memory, \"ax\", @progbits",
    ".type memcpy, @function",
    "memcpy:",
    "mv a3, a0",
    "1: beqz a2, 2f",
    "lbu a4, 0(a1)",
    "sb a4, 0(a3)",
    "addi a1, a1, 1",
    "addi a3, a3, 1",
    "addi a2, a2, -1",
    "j 1b",
    "2: ret",
    ".size memcpy, . - memcpy",
    ".type memset, @function",
    "memset:",
    "mv a3, a0",
    "1: beqz a2, 2f",
    "sb a1, 0(a3)",
    "addi a3, a3, 1",
    "addi a2, a2, -1",
    "j 1b",
    "2: ret",
    ".size memset, . - memset",
    ".popsection",
);
