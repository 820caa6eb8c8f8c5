#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: examples/demo.sh PREFIX BUILD_DIR
#
# Compiles the examples through pkg-config against the library installed under
# PREFIX, runs them on real input, and then runs programs of the distribution,
# as they are installed, on the same library. What it makes goes to a directory
# of its own in BUILD_DIR, which is removed at the end.

set -eu

LC_ALL=C
export LC_ALL
unset LD_LIBRARY_PATH LD_PRELOAD

copy_bytes=104870001
server=

say() {
	printf '%s\n' "$*"
}

heading() {
	printf '\n== %s\n' "$*"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

clean_up() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" 2>/dev/null || :
	fi
	rm -rf "$work"
}

# Prints the output of a program, after making sure that it ran on the library
# it should have. $1 is dynamic or static, $2 the file with the output.
show() {
	case $1 in
	dynamic) grep -qF "from $libdir/liburing.so" "$2" ||
		{ cat "$2"; die "that was not the library in $libdir"; } ;;
	static) grep -qF "from this program (static)" "$2" ||
		{ cat "$2"; die "that was not a static liburing"; } ;;
	esac
	sed 's/^/  /' "$2"
}

# Standard error stays where it is, so that the progress line is seen.
run() {
	kind=$1
	program=$2
	shift 2
	timeout 120 env LD_LIBRARY_PATH="$libdir" "$work/$kind/$program" "$@" \
		>"$work/output" || {
		status=$?
		cat "$work/output"
		die "$program ($kind) failed with status $status"
	}
	show "$kind" "$work/output"
}

compile() {
	kind=$1
	shift
	mkdir "$work/$kind"
	for program in uring-info cp echo-server echo-client notif-send \
		poll-echo aio-cancel; do
		case $program in
		aio-*) package=liburing-aio ;;
		*) package=liburing ;;
		esac
		# CFLAGS and the output of pkg-config are lists of words.
		# shellcheck disable=SC2046,SC2086
		$cc $cflags -pthread -o "$work/$kind/$program" \
			"$here/$program.c" "$@" $(pkg-config --cflags --libs "$package") ||
			die "$program.c does not compile ($kind)"
	done
}

make_input() {
	{ find /usr/bin /usr/lib /usr/share -xdev -type f -size +64k \
		-exec cat {} + 2>/dev/null || :; } |
		head -c "$copy_bytes" >"$work/source"
	have=$(wc -c <"$work/source")
	if [ "$have" -lt "$copy_bytes" ]; then
		head -c "$((copy_bytes - have))" /dev/urandom >>"$work/source"
	fi
	source_sum=$(sha256sum <"$work/source")
}

copy() {
	run "$1" cp "$2" "$3" --verify "$work/source" "$work/target"
	[ "$(sha256sum <"$work/target")" = "$source_sum" ] ||
		die "the copy has another checksum"
	say "  sha256 of source and copy: ${source_sum%% *}"
	rm "$work/target"
}

# send_file KIND FILE ARGUMENTS
send_file() {
	kind=$1
	file=$2
	shift 2
	run "$kind" notif-send --output "$work/target" "$@" "$file"
	cmp "$file" "$work/target" || die "what was received is another file"
	say "  cmp: what was received is identical"
	rm "$work/target"
}

ask_servers() {
	timeout 120 env LD_LIBRARY_PATH="$libdir" "$work/$1/aio-cancel" \
		>"$work/output" || die "aio-cancel ($1) failed with status $?"
	sed 's/^/  /' "$work/output"
	[ "$1" = static ] ||
		LD_LIBRARY_PATH="$libdir" ldd "$work/$1/aio-cancel" |
		grep -qF "$libdir/liburing-aio.so" ||
		die "that was not the library in $libdir"
}

# echo_tcp KIND CONNECTIONS MESSAGES SIZE SERVER ARGUMENTS
echo_tcp() {
	kind=$1
	connections=$2
	messages=$3
	size=$4
	program=$5
	shift 5
	rm -f "$work/fifo"
	mkfifo "$work/fifo"
	timeout 120 env LD_LIBRARY_PATH="$libdir" "$work/$kind/$program" \
		--connections "$connections" "$@" >"$work/fifo" &
	server=$!
	exec 3<"$work/fifo"
	port=
	while read -r line <&3; do
		say "$line" >>"$work/served"
		case $line in
		*listening*) port=${line##*:}; break ;;
		esac
	done
	[ -n "$port" ] || die "$program ($kind) does not listen"
	served_by="$program ($kind)"
	run "$kind" echo-client --port "$port" --connections "$connections" \
		--messages "$messages" --size "$size"
	cat <&3 >>"$work/served"
	exec 3<&-
	wait "$server" || die "$served_by failed with status $?"
	server=
	show "$kind" "$work/served"
	rm "$work/served"
}

# Runs an installed program on our library and says by which of the dynamic
# linker's own messages that is known; where it prints none (musl), ldd tells
# what it would load.
run_installed() {
	run_on "$libdir" liburing.so LIBURING_ "$@"
}

# run_on DIR LIBRARY NODE PROGRAM ARGUMENT...
run_on() {
	dir=$1 library=$2 node=$3
	shift 3
	rm -f "$work"/ld.*
	timeout 120 env LD_LIBRARY_PATH="$dir" LD_DEBUG=versions \
		LD_DEBUG_OUTPUT="$work/ld" "$@" >"$work/output" ||
		die "$1 failed with status $?"
	if proof=$(grep -hF "$dir/$library" "$work"/ld.* 2>/dev/null |
		grep -F "$node"); then
		proof=$(printf '%s\n' "$proof" | sed -n '1s/^[^c]*//p')
		say "  ld.so: $proof"
	elif proof=$(LD_LIBRARY_PATH="$dir" ldd "$1" |
		grep -F "$dir/$library"); then
		say "  ldd:$proof"
	else
		die "$1 did not load the $library in $dir"
	fi
}

# linked_to LIBRARY PROGRAM: prints the path of such a program, if there is one.
linked_to() {
	path=$(command -v "$2") || return 1
	ldd "$path" 2>/dev/null | grep -qF "$1" || return 1
	say "$path"
}

bench_qemu() {
	qemu=$(linked_to liburing.so.2 qemu-img) || return 1
	requests=20000
	cache=writeback
	[ -z "$direct" ] || cache=none
	set -- "$qemu" bench -f raw -t "$cache" -i io_uring -c "$requests" \
		-d 32 -s 4096 "$work/source"
	say "  qemu-img bench -t $cache -i io_uring -c $requests -d 32 -s 4096"
	"$@" >"$work/output" || die "qemu-img fails on the system's own liburing"
	rate "the system's liburing" "$requests"
	run_installed "$@"
	rate "this liburing" "$requests"
}

# Kernel AIO takes direct I/O alone from qemu.
bench_qemu_native() {
	[ -n "$direct" ] || return 1
	qemu=$(linked_to libaio.so.1 qemu-img) || return 1
	requests=5000
	set -- "$qemu" bench -f raw -t none -n -c "$requests" -d 32 -s 4096 \
		"$work/source"
	say "  qemu-img bench -t none -n -c $requests -d 32 -s 4096"
	"$@" >"$work/output" || die "qemu-img fails on the system's own libaio"
	rate "the system's libaio" "$requests"
	run_on "$aiodir" libaio.so.1 LIBAIO_ "$@"
	rate "this libaio" "$requests"
}

# What is written is read back and compared.
verify_fio() {
	fio=$(linked_to libaio.so.1 fio) || return 1
	set -- "$fio" --name=job --filename="$work/job" --size=16M --bs=4k \
		--ioengine=libaio --iodepth=32 --rw=randrw --verify=crc32c \
		--verify_state_save=0 \
		--output-format=terse --terse-version=3 ${direct:+--direct=1}
	say "  fio --ioengine=libaio --iodepth=32 --rw=randrw --verify=crc32c"
	"$@" >"$work/output" || die "fio fails on the system's own libaio"
	fio_rate "the system's libaio"
	run_on "$aiodir" libaio.so.1 LIBAIO_ "$@"
	fio_rate "this libaio"
}

fio_rate() {
	awk -F ';' -v who="$1" '$1 == 3 {
		printf "  %s: %d KiB read, %d KiB written, %d errors\n",
			 who, $6, $47, $5 }' "$work/output"
}

rate() {
	sed -n 's/.*completed in \([0-9.]*\) seconds.*/\1/p' "$work/output" |
		awk -v who="$1" -v n="$2" '
			{ printf "  %s: %d reads in %s s, %.0f a second\n",
				 who, n, $1, n / ($1 > 0 ? $1 : 1e-3) }'
}

# plocate is installed set-group-ID, and the dynamic linker ignores
# LD_LIBRARY_PATH for such programs: a copy has no such bit.
search_plocate() {
	plocate=$(linked_to liburing.so.2 plocate) || return 1
	updatedb=$(command -v updatedb.plocate) || return 1
	"$updatedb" --require-visibility no --prunepaths '' --prunefs '' \
		--prune-bind-mounts no -U /usr/include -o "$work/names.db" || {
		say "  plocate is installed, but could not index /usr/include"
		return 0
	}
	cp "$plocate" "$work/plocate"
	say "  plocate --count linux, over the names in /usr/include"
	"$work/plocate" -d "$work/names.db" --count linux >"$work/expected" ||
		die "plocate fails on the system's own liburing"
	run_installed "$work/plocate" -d "$work/names.db" --count linux
	cmp "$work/expected" "$work/output" ||
		die "plocate finds other names on this liburing"
	say "  it finds $(cat "$work/output") names, as it does on the system's liburing"
}

[ $# -eq 2 ] || die "usage: demo.sh PREFIX BUILD_DIR"
here=$(cd "$(dirname "$0")" && pwd -P)
prefix=$(cd "$1" && pwd -P)
aiodir=$(cd "$2/libaio" && pwd -P)
cc=${CC:-cc}
cflags=${CFLAGS:--O2 -Wall -Wextra}

command -v pkg-config >/dev/null ||
	die "pkg-config is needed (Debian: apt-get install pkg-config)"
pc=$(find "$prefix" -name liburing.pc | head -n 1)
[ -n "$pc" ] || die "there is no liburing.pc under $prefix"
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libdir=$(cd "$(pkg-config --variable=libdir liburing)" && pwd -P)
case $libdir in
"$prefix"/*) ;;
*) die "liburing.pc points to $libdir, outside of $prefix" ;;
esac

mkdir -p "$2"
work=$(mktemp -d "$(cd "$2" && pwd -P)/demo.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

heading "compile: cc \$(pkg-config --cflags --libs liburing)"
say "  $(pkg-config --cflags --libs liburing)"
compile dynamic
static=yes
printf 'int main(void) { return 0; }\n' >"$work/empty.c"
if $cc -static -o "$work/empty" "$work/empty.c" 2>/dev/null; then
	compile static -static
else
	static=
	say "  skip: the static programs, for there is no static libc here"
fi
direct=
if dd if=/dev/zero of="$work/probe" bs=4096 count=1 oflag=direct 2>/dev/null; then
	direct=yes
fi

heading "this kernel"
run dynamic uring-info

heading "copy $copy_bytes bytes with queued reads and writes"
make_input
copy dynamic --depth 64
if [ -n "$direct" ]; then
	copy dynamic --direct --sync
else
	say "  skip: O_DIRECT, which the file system of $2 does not have"
fi
[ -z "$static" ] || copy static --depth 64

heading "TCP echo on loopback: multishot accept, multishot receive, buffer ring"
echo_tcp dynamic 32 2000 4K echo-server --buffers 256 --size 4K
say
say "  too few buffers, and messages far larger than they are:"
echo_tcp dynamic 64 20 64K echo-server --buffers 16 --size 2K
if [ -n "$static" ]; then
	say
	say "  static:"
	echo_tcp static 32 2000 4K echo-server --buffers 256 --size 4K
fi

heading "TCP echo on loopback: poll watches, shared by four threads"
echo_tcp dynamic 32 2000 4K poll-echo --workers 4
say
say "  buffers far smaller than a message, so that turns end, and far larger than"
say "  a socket takes, so that sends wait:"
echo_tcp dynamic 16 4 1M poll-echo --workers 3 --size 2K
echo_tcp dynamic 4 4 16M poll-echo --workers 3 --size 16M
if [ -n "$static" ]; then
	say
	say "  static:"
	echo_tcp static 32 2000 4K poll-echo --workers 4
fi

heading "send $copy_bytes bytes over TCP without copying: notification slots"
send_file dynamic "$work/source"
say
say "  one group of buffers of an odd size, then files of 1 and of 0 bytes:"
head -c 10000019 "$work/source" >"$work/part"
send_file dynamic "$work/part" --groups 1 --buffer-size 12345
head -c 1 "$work/source" >"$work/part"
send_file dynamic "$work/part"
: >"$work/part"
send_file dynamic "$work/part"
if [ -n "$static" ]; then
	say
	say "  static:"
	send_file static "$work/source"
fi

heading "the first of several answers, and the other reads cancelled: the AIO engine"
ask_servers dynamic
if [ -n "$static" ]; then
	say
	say "  static:"
	ask_servers static
fi

heading "programs of the distribution, not rebuilt"
found=
bench_qemu && found=yes
search_plocate && found=yes
[ -n "$found" ] ||
	say "  none: neither qemu-img nor plocate is installed here and linked to liburing.so.2 (Debian: apt-get install qemu-utils)"

heading "programs that use libaio, not rebuilt: on io_uring"
found=
verify_fio && found=yes
bench_qemu_native && found=yes
[ -n "$found" ] ||
	say "  none: neither fio nor qemu-img is installed here and linked to libaio.so.1 (Debian: apt-get install fio qemu-utils)"

heading "done; what is not static ran on the liburing in $libdir, what uses libaio on that in $aiodir"
