#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# boot.sh VMLINUZ INITRAMFS SECONDS CONSOLE RESULTS [kvm|tcg]: boots the kernel
# in qemu and writes what it prints to the file CONSOLE, and what comes through
# its second serial port to RESULTS. Without a word about the acceleration KVM
# is used where it works; the one in use is printed. Exit status 4 means that
# the machine did not switch itself off in time.
set -euo pipefail

vmlinuz=${1:?"usage: boot.sh VMLINUZ INITRAMFS SECONDS CONSOLE RESULTS [kvm|tcg]"}
initramfs=$2
seconds=$3
console=$4
results=$5

qemu=
trap '[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null || true' EXIT

# boot SECONDS WORD ACCELERATION...
#
# WORD goes to the guest's /init.
boot() {
	local deadline=$((SECONDS + $1)) word=$2
	shift 2
	: >"$console"
	: >"$results"
	qemu-system-x86_64 "$@" -m 512 -smp 2 \
		-display none -no-reboot -nic none -monitor none \
		-serial "file:$console" -serial "file:$results" \
		-kernel "$vmlinuz" -initrd "$initramfs" \
		-append "console=ttyS0 panic=-1 oops=panic quiet loglevel=4 $word" \
		</dev/null >"$console.qemu" 2>&1 &
	qemu=$!
	while kill -0 "$qemu" 2>/dev/null; do
		# A virtual machine whose KVM cannot run a guest's code stops
		# here, and qemu waits for ever.
		if grep -q 'KVM internal error' "$console.qemu" ||
			[ $SECONDS -ge $deadline ]; then
			kill -KILL "$qemu" 2>/dev/null || true
			wait "$qemu" 2>/dev/null || true
			qemu=
			return 4
		fi
		sleep 0.2
	done
	wait "$qemu" || return
	qemu=
}

# /dev/kvm may be there and yet fail, on a machine that is a guest itself, so
# a boot that runs no test decides.
accelerator=${6:-}
if [ -z "$accelerator" ]; then
	accelerator=tcg
	if [ -w /dev/kvm ] && boot 10 probe -accel kvm -cpu host &&
		grep -q '^over' "$results"; then
		accelerator=kvm
	fi
fi
echo "$accelerator"
case $accelerator in
kvm) boot "$seconds" run -accel kvm -cpu host ;;
*)
	status=0
	boot "$seconds" run -accel "tcg,thread=multi" -cpu max || status=$?
	# Now and then a processor runs into a breakpoint that the kernel set to
	# patch its own text, and has already taken away ("Oops: int3", seen with
	# 7.2). That is the emulation of two processors at once; where it happens
	# before /init says anything, they take turns.
	if ! grep -q '^kernel ' "$results" && grep -q 'Oops: int3' "$console"; then
		boot "$seconds" run -accel "tcg,thread=single" -cpu max
	else
		exit "$status"
	fi
	;;
esac
