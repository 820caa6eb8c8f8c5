# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The only place that links, installs and checks. Cargo compiles; what it
# cannot do is written down here: rustc passes a version script of its own to
# every cdylib, so the symbol versions of a drop-in liburing.so.2 can only come
# from a link that starts at the static library.

VERSION       := 2.15
SOVERSION     := 2
AIO_VERSION   := 1.0
AIO_SOVERSION := 1
# Of the libaio whose place libaio.so.1 takes, and of its shared library.
LIBAIO_VERSION      := 0.3.113
LIBAIO_FILE_VERSION := 1.0.2

PREFIX     = /usr/local
LIBDIR     = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
DESTDIR    =

CARGO   = cargo
CC      = cc
AR      = ar
NM      = nm
OBJCOPY = objcopy
INSTALL = install
# LIBAIO=yes, and no other word, installs or uninstalls libaio.so.1 and what
# belongs to it as well.
# Not by itself: where the loader finds it before the distribution's, each
# program that uses libaio runs on it, and under the distribution's prefix it
# replaces files of another package.
LIBAIO     =
# Debug information stays in build/. For a package that splits it off itself:
# make install STRIP=:
STRIP   = strip

CARGOFLAGS =
LDFLAGS    =
CHECKFLAGS =
BENCHFLAGS =

BUILD := build
# Those that stand on no other library, and that which stands on libc.
BARE  := liburing liburing-ffi
AIO   := liburing-aio
NAMES := $(BARE) $(AIO)
# In a directory of its own: with LD_LIBRARY_PATH=build nothing but what was
# asked for takes the place of the system's libraries.
LIBAIO_DIR := $(BUILD)/libaio
LIBAIO_SO  := $(LIBAIO_DIR)/libaio.so.1

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RELEASE    := $(TARGET_DIR)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)release
CAPI       := $(RELEASE)/liboxiring_capi.a
AIO_CAPI   := $(RELEASE)/liboxiring_aio.a
SHIM       := $(RELEASE)/liboxiring_libaio.a

version   = $(if $(filter libaio,$(1)),$(LIBAIO_VERSION),$(if $(filter $(AIO),$(1)),$(AIO_VERSION),$(VERSION)))
soversion = $(if $(filter $(AIO),$(1)),$(AIO_SOVERSION),$(SOVERSION))

SHARED  := $(foreach n,$(NAMES),$(BUILD)/$n.so.$(call version,$n))
STATIC  := $(NAMES:%=$(BUILD)/%.a)
LINKS   := $(foreach n,$(NAMES),$(BUILD)/$n.so.$(call soversion,$n) $(BUILD)/$n.so)
PC      := $(NAMES:%=$(BUILD)/%.pc) $(BUILD)/libaio.pc
WITH_LIBAIO := $(filter yes,$(LIBAIO))
HEADERS := $(filter-out $(if $(WITH_LIBAIO),,libaio.h), \
	$(patsubst include/%,%,$(wildcard include/*.h include/*/*.h include/*/*/*.h)))

.DELETE_ON_ERROR:
.SUFFIXES:
# The lists of symbols are kept: a failed link is read beside them.
.SECONDARY:
.PHONY: all headers check check-kernels bench demo install uninstall clean help FORCE

all: $(SHARED) $(LINKS) $(STATIC) $(LIBAIO_SO) $(LIBAIO_DIR)/libaio.so $(PC) ## build the libraries and .pc files in build/

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22
	@echo "Variables: PREFIX LIBDIR INCLUDEDIR DESTDIR LIBAIO CARGO CC LDFLAGS STRIP CHECKFLAGS BENCHFLAGS"

# ---- libraries ----------------------------------------------------------------

# Cargo decides; the archive's time changes only when its contents do. A root
# shell without a toolchain ("sudo make install") takes what was built before.
# The engine's crate, and libaio's, are Rust libraries to other crates, and cargo
# optimises a crate across its dependencies only when it is nothing else: hence
# the other commands.
$(CAPI):     COMPILE = build --release -p oxiring-capi
$(AIO_CAPI): COMPILE = rustc --release -p oxiring-aio --crate-type staticlib

$(SHIM):     COMPILE = rustc --release -p oxiring-libaio --crate-type staticlib

$(CAPI) $(AIO_CAPI) $(SHIM): FORCE
	@if command -v $(firstword $(CARGO)) >/dev/null; then \
		echo "$(CARGO) $(COMPILE) $(CARGOFLAGS)"; \
		$(CARGO) $(COMPILE) $(CARGOFLAGS); \
	elif [ -f $@ ]; then \
		echo "$(firstword $(CARGO)) not found: using $@ as it is"; \
	else \
		echo "$(firstword $(CARGO)) not found: Rust's toolchain is needed" >&2; exit 1; \
	fi

$(BUILD):
	mkdir -p $@

$(BUILD)/%.sym: abi/%.map | $(BUILD)
	sed -n 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\);[[:space:]]*$$/\1/p' $< | LC_ALL=C sort -u > $@

# GNU ld writes a library without any symbol and exits with 0 when nothing
# pulls the members in, so every result is compared with its list. (Type A is a
# version node.)
exports_exactly = { $(NM) $(1) --defined-only $(2) \
	| sed -n 's/^[0-9a-f]* [B-TV-Z] \([^@]*\).*/\1/p' \
	| LC_ALL=C sort | diff $(3) - \
	|| { echo "$(2): not exactly the symbols of $(3)" >&2; false; }; }

# One relocatable object per library: the members that its symbols need, and
# nothing global but those symbols, so that a program can link it together with
# its own memset or with another Rust library. Groups of sections would still be
# known by their symbols, and the linker keeps one of a name: they are dissolved.
# GNU nm and ar load the LLVM plugin for .llvmbc sections and crash in it.
$(BARE:%=$(BUILD)/%.o): $(CAPI)
$(AIO:%=$(BUILD)/%.o): $(AIO_CAPI)

$(NAMES:%=$(BUILD)/%.o): $(BUILD)/%.o: $(BUILD)/%.sym Makefile
	sed 's/^/-Wl,-u,/' $(BUILD)/$*.sym > $(BUILD)/$*.roots
	$(CC) -r -nostdlib -Wl,--gc-sections -Wl,--force-group-allocation @$(BUILD)/$*.roots -o $@ $(filter %.a,$^)
	$(OBJCOPY) --keep-global-symbols=$(BUILD)/$*.sym -R .llvmbc -R .llvmcmd -R .comment $@
	@$(call exports_exactly,,$@,$(BUILD)/$*.sym)

$(BUILD)/%.a: $(BUILD)/%.o
	rm -f $@
	$(AR) rcs $@ $<

# -z now: a library this small loads faster when it is bound at once than with
# a second, lazily written page of slots (25 us against 29 us for dlopen and
# dlclose), and afterwards the whole offset table is read-only.
# -z noseparate-code: without a page of padding on each side of the code the
# file is one page smaller.
$(BARE:%=$(BUILD)/%.so.$(VERSION)): $(BUILD)/%.so.$(VERSION): $(BUILD)/%.o abi/%.map tools/shared.ld Makefile
	$(CC) -shared -nostdlib -o $@ $< \
		-Wl,--version-script=abi/$*.map -Wl,--no-undefined-version \
		-Wl,-z,defs -Wl,--gc-sections -Wl,-soname,$*.so.$(SOVERSION) \
		-Wl,-T,tools/shared.ld -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,noseparate-code \
		-Wl,--hash-style=gnu -Wl,--build-id $(LDFLAGS)
	@$(call exports_exactly,-D,$@,$(BUILD)/$*.sym)

# Rust's standard library prints a backtrace with libgcc's unwinder, which is
# linked in, so that libc is all that is needed. Before glibc 2.34 threads and
# dlsym were libraries of their own.
# -z nodelete: the thread that issues requests outlives every dlclose.
$(AIO:%=$(BUILD)/%.so.$(AIO_VERSION)): $(BUILD)/%.so.$(AIO_VERSION): $(BUILD)/%.o abi/%.map Makefile
	$(CC) -shared -static-libgcc -o $@ $< \
		-Wl,--version-script=abi/$*.map -Wl,--no-undefined-version \
		-Wl,-z,defs -Wl,--gc-sections -Wl,-soname,$*.so.$(AIO_SOVERSION) \
		-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodelete \
		-Wl,--hash-style=gnu -Wl,--build-id -Wl,--as-needed -lpthread -ldl $(LDFLAGS)
	@$(call exports_exactly,-D,$@,$(BUILD)/$*.sym)

# libaio has two versions of some functions, so the list is of names with their
# versions; and syscall, which has none: nothing else takes the place of libc's
# when the library is loaded before it. All of the archive is linked because no
# name that is known beforehand would pull the old versions in.
$(BUILD)/libaio.sym: abi/libaio.map Makefile | $(BUILD)
	{ echo syscall; \
	  awk '$$2 == "{" { node = $$1 } \
	       /^[ \t]*io_[a-z_]*;/ { sub(/;/, ""); name[++n] = $$1 "@" node } \
	       END { for (i = 1; i <= n; i++) print name[i] }' $<; } | LC_ALL=C sort > $@

$(LIBAIO_SO): $(SHIM) $(BUILD)/libaio.sym abi/libaio.map Makefile
	mkdir -p $(LIBAIO_DIR)
	$(CC) -shared -static-libgcc -o $@ -Wl,--whole-archive $< -Wl,--no-whole-archive \
		-Wl,--version-script=abi/libaio.map -Wl,--no-undefined-version \
		-Wl,-z,defs -Wl,--gc-sections -Wl,-soname,libaio.so.1 \
		-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodelete \
		-Wl,--hash-style=gnu -Wl,--build-id -Wl,--as-needed -lpthread -ldl $(LDFLAGS)
	@$(NM) -D $@ --defined-only | sed -n 's/^[0-9a-f]* [B-TV-Z] //p' | sed 's/@@/@/' \
		| LC_ALL=C sort | diff $(BUILD)/libaio.sym - \
		|| { echo "$@: not exactly the symbols of $(BUILD)/libaio.sym" >&2; false; }

$(LIBAIO_DIR)/libaio.so: $(LIBAIO_SO)
	ln -sf libaio.so.1 $@

define links
$(BUILD)/$(1).so.$(2): $(BUILD)/$(1).so.$(3)
	ln -sf $(1).so.$(3) $$@

$(BUILD)/$(1).so: $(BUILD)/$(1).so.$(2)
	ln -sf $(1).so.$(2) $$@

endef
$(foreach n,$(NAMES),$(eval $(call links,$n,$(call soversion,$n),$(call version,$n))))

# ---- pkg-config ---------------------------------------------------------------

# Below the prefix the directories are written relative to it, so that
# pkg-config --define-variable=prefix=... follows a tree that was moved.
pc_file = sed -e 's|@prefix@|$(PREFIX)|' -e 's|@version@|$(call version,$(1))|' \
	-e 's|@libdir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
	-e 's|@includedir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
	pkgconfig/$(1).pc.in > $(2)

$(BUILD)/%.pc: pkgconfig/%.pc.in FORCE | $(BUILD)
	@$(call pc_file,$*,$@.new)
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# ---- generated headers and version scripts ------------------------------------

headers: ## write include/ and abi/*.map anew from the Rust sources
	$(CARGO) run -q -p oxiring-headers $(CARGOFLAGS)

# ---- checks and the demonstration ---------------------------------------------

check: all ## run every test; CHECKFLAGS='--only STEP' or '--list'
	$(CARGO) run -q -p oxiring-check $(CARGOFLAGS) -- --build $(BUILD) $(CHECKFLAGS)

check-kernels: all ## run the C tests on Linux 5.10, 6.1, 6.12 and the newest
	$(CARGO) run -q -p oxiring-check $(CARGOFLAGS) -- --build $(BUILD) \
		--only setup --only kernels --all-kernels $(CHECKFLAGS)

# Two programs: the second does the same work with the io-uring crate.
bench: all ## measure this library beside the original; BENCHFLAGS=--help
	$(CARGO) build -q --release -p oxiring-bench $(CARGOFLAGS)
	$(CARGO) run -q --release -p oxiring-bench --bin oxiring-bench $(CARGOFLAGS) -- \
		--build $(BUILD) $(BENCHFLAGS)

STAGE := $(CURDIR)/$(BUILD)/stage

demo: all ## build the examples against a staged install and run them
	rm -rf $(STAGE)
	$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(STAGE) \
		LIBDIR=$(STAGE)/lib INCLUDEDIR=$(STAGE)/include
	bash examples/demo.sh $(BUILD)/stage $(BUILD)

# ---- installation -------------------------------------------------------------

D := $(DESTDIR)

install_library = $(INSTALL) -m 755 $(BUILD)/$(1).so.$(3) $D$(LIBDIR)/ && \
	$(STRIP) --strip-unneeded $D$(LIBDIR)/$(1).so.$(3) && \
	ln -sf $(1).so.$(3) $D$(LIBDIR)/$(1).so.$(2) && \
	ln -sf $(1).so.$(2) $D$(LIBDIR)/$(1).so && \
	$(INSTALL) -m 644 $(BUILD)/$(1).a $D$(LIBDIR)/ && \
	$(STRIP) --strip-debug $D$(LIBDIR)/$(1).a

install_libaio = $(INSTALL) -m 755 $(LIBAIO_SO) $D$(LIBDIR)/libaio.so.$(LIBAIO_FILE_VERSION) && \
	$(STRIP) --strip-unneeded $D$(LIBDIR)/libaio.so.$(LIBAIO_FILE_VERSION) && \
	ln -sf libaio.so.$(LIBAIO_FILE_VERSION) $D$(LIBDIR)/libaio.so.1 && \
	ln -sf libaio.so.1 $D$(LIBDIR)/libaio.so && \
	$(call pc_file,libaio,$D$(LIBDIR)/pkgconfig/libaio.pc) && \
	chmod 644 $D$(LIBDIR)/pkgconfig/libaio.pc

install: all ## install below PREFIX (LIBDIR, INCLUDEDIR; DESTDIR for packages); LIBAIO=yes
	$(INSTALL) -d $(sort $(dir $(HEADERS:%=$D$(INCLUDEDIR)/%))) $D$(LIBDIR)/pkgconfig
	for h in $(HEADERS); do \
		$(INSTALL) -m 644 include/$$h $D$(INCLUDEDIR)/$$h || exit 1; \
	done
	$(foreach n,$(NAMES),$(call install_library,$n,$(call soversion,$n),$(call version,$n)) &&) :
	$(foreach n,$(NAMES),$(call pc_file,$n,$D$(LIBDIR)/pkgconfig/$n.pc) &&) \
		chmod 644 $(NAMES:%=$D$(LIBDIR)/pkgconfig/%.pc)
	$(if $(WITH_LIBAIO),$(install_libaio))

INSTALLED = $(HEADERS:%=$(INCLUDEDIR)/%) $(NAMES:%=$(LIBDIR)/pkgconfig/%.pc) \
	$(foreach n,$(NAMES),$(foreach s,a so so.$(call soversion,$n) so.$(call version,$n),$(LIBDIR)/$n.$s)) \
	$(if $(WITH_LIBAIO),$(LIBDIR)/pkgconfig/libaio.pc $(foreach s,so so.1 so.$(LIBAIO_FILE_VERSION),$(LIBDIR)/libaio.$s))

# Directories that others share stay, even when they are empty now.
uninstall: ## remove what install wrote (with the same variables)
	rm -f $(INSTALLED:%=$D%)
	for d in io_uring .; do \
		[ ! -d $D$(INCLUDEDIR)/liburing/$$d ] || \
		rmdir --ignore-fail-on-non-empty $D$(INCLUDEDIR)/liburing/$${d%.}; \
	done

clean: ## remove build/ and cargo's results
	rm -rf $(BUILD)
	$(CARGO) clean
