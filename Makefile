# SPDX-License-Identifier: GPL-2.0-only
#
# For people: `make help`. What the kernel's build reads is in Kbuild.

PREFIX          ?= /usr/local
INSTALL_MOD_DIR ?= updates
BUILD           ?= $(CURDIR)/build
MAILBOX_CACHE   ?= $(CURDIR)/.cache
KDIR            ?= /lib/modules/$(or $(KREL),$(shell uname -r))/build
KERNELS         ?= 6.1 6.12
K               ?= 6.12
RT_KERNELS      := 6.1-rt 6.12-rt
ALL_KERNELS     := 6.1 6.12 $(RT_KERNELS)
DEBUG_KERNELS   := 6.12-debug 6.12-kcsan
QUICK_KERNEL    := 6.12-uml
QUICK_TESTS     := abi_entries bind stat message order block wake handle poll pair lease call
# What is exported below counts as defined.
quick_tests     := $(if $(filter undefined,$(origin TESTS)),$(QUICK_TESTS),$(TESTS))

override BUILD := $(abspath $(BUILD))
export BUILD MAILBOX_CACHE KERNELS TESTS

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
utsrelease := $(KDIR)/include/generated/utsrelease.h
release := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' $(utsrelease) 2>/dev/null)
KREL := $(or $(release),$(KREL),$(shell uname -r))

# The module is built in a copy of its sources, so that several kernels can
# have their object files side by side.
tree := $(BUILD)/$(KREL)
ko := $(tree)/module/mailbox_ipc.ko
find_sources = find Kbuild dkms.conf module ! -name '.*' ! -name '*~'
sources := $(addprefix $(CURDIR)/,$(shell $(find_sources)))

USERSPACE = +$(MAKE) --no-print-directory -C userspace BUILD=$(BUILD) VERSION=$(VERSION)
TESTDIR = +$(MAKE) --no-print-directory -C tests BUILD=$(BUILD) OUTPUT=$(BUILD)/tests

.PHONY: all
all: module-if-possible userspace

.PHONY: help
help:
	@echo 'Try it in a virtual machine (nothing on this machine is touched):'
	@echo '  make demo         show what a mailbox does, step by step'
	@echo '  make shell        a prompt in a machine that has it all (K=6.1: another kernel)'
	@echo '  make test         all tests, on the kernels $(KERNELS)'
	@echo '                    (KERNELS="6.1-rt" TESTS="name name" choose)'
	@echo 'Use it on this machine:'
	@echo '  make              the module for the running kernel, the library and the tool'
	@echo '  make install      all of them (DESTDIR=, PREFIX=$(PREFIX), INSTALL_MOD_DIR=$(INSTALL_MOD_DIR))'
	@echo '  make uninstall    take them away again'
	@echo '  make load         load the module that was built here; make unload'
	@echo 'Parts, and for developers:'
	@echo '  make module       only the module (KDIR=/path/of/a/kernel/build/tree)'
	@echo '  make userspace    only the library and the tool'
	@echo '  make check        no warning with W=1 and sparse on $(ALL_KERNELS),'
	@echo '                    and nothing from checkpatch, Coccinelle, cppcheck, ... (tests/check)'
	@echo '  make test-debug   all tests on kernels for finding bugs ($(DEBUG_KERNELS):'
	@echo '                    built when first wanted, which takes 10 to 20 minutes)'
	@echo '  make test-quick   some tests on a kernel that is a program of this machine, and which'
	@echo '                    lines of module/ they run (TESTS= takes all, TESTS="name name" those)'
	@echo '  make test-rt      all tests on $(RT_KERNELS)'
	@echo '  make model        all orders of sleeping and waking at a port, in a model (tests/model)'
	@echo '  make test-mutants  do the tests of interleavings find planted mistakes? (K=,'
	@echo '                    ROUNDS=3; TESTS="name name" chooses mistakes of tests/window/mutants)'
	@echo '  make test-windows ROUNDS=20  are these tests ever wrong? So many rounds under load (K=)'
	@echo '  make soak TIME=10m  all patterns at once, with kills and failing copies, for so long'
	@echo '  make fuzz TIME=10m  random programs against the whole ABI, guided by coverage;'
	@echo '                    what is found: make fuzz-replay FILE=..., make fuzz-shrink FILE=...'
	@echo '  make fuzz-host TIME=1m  the same for single files of the module, on this machine'
	@echo '  make coverage     which lines of the module the tests and the fuzzer reach'
	@echo '  make bench        what a message costs, and what it costs with pipes, queues, sockets, ...'
	@echo '                    (MODE=icount counts instructions, MODE=wall measures time; K=6.1;'
	@echo '                    RUNS=1 CASES="round:64B" RIVALS=mailbox is quick; CASES=list shows them)'
	@echo '  make bench-follow CASE=round:64B RIVAL="mailbox call"  its instructions, by function'
	@echo '  make bench-check  the same, and compare the instructions with tests/bench/baseline.json'
	@echo '  make clean        remove build/; make distclean also removes what was downloaded'
	@echo 'tests/vm/vm --help tells how to run anything in the virtual machine.'

# --- building ----------------------------------------------------------------

# Packages of the host that are missing are installed first.
DEPS := $(addprefix deps-,build vm test quick check model fuzz bench follow)
.PHONY: $(DEPS)
$(DEPS): deps-%:
	@tests/vm/deps $*

no_headers = "There are no kernel headers in $(KDIR)." \
	"On Debian: apt install linux-headers-$(KREL); or give KDIR=/path/of/a/kernel/build/tree." \
	"To try it without: make shell"

.PHONY: module module-if-possible
module: $(ko)

ifneq ($(release),)
module-if-possible: module
else
module-if-possible:
	@echo 'The module is left out.' $(no_headers)
endif

# A kernel that is built anew, with other options, may keep its release, but not its
# folder. What was built for the old one does not fit.
kernel := $(tree)/.kernel
.PHONY: FORCE
$(kernel): FORCE
	@echo '$(realpath $(KDIR))' | cmp -s - $@ || \
		{ rm -rf $(tree) && mkdir -p $(tree) && echo '$(realpath $(KDIR))' >$@; }

$(ko): $(sources) $(kernel) | deps-build
	@[ -n "$(release)" ] || { echo $(no_headers); exit 1; }
	@touch $(tree)/.copied
	@$(find_sources) -type f | sort >$(tree)/.copy
	@comm -23 $(tree)/.copied $(tree)/.copy | sed 's#^#$(tree)/#' | xargs -r rm -f
	@xargs cp -pu --parents -t $(tree) <$(tree)/.copy
	@mv $(tree)/.copy $(tree)/.copied
	+$(MAKE) -C $(KDIR) M=$(tree) CONFIG_DEBUG_INFO_BTF_MODULES= modules
	@touch $@

.PHONY: userspace
userspace: | deps-build
	$(USERSPACE) all

.PHONY: clean distclean
clean:
	rm -rf $(BUILD)
distclean: clean
	rm -rf $(MAILBOX_CACHE)

# --- this machine ------------------------------------------------------------

installed_ko := $(DESTDIR)/lib/modules/$(KREL)/$(INSTALL_MOD_DIR)/mailbox_ipc.ko

.PHONY: install uninstall
install: all
	$(USERSPACE) install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
ifneq ($(release),)
	install -D -m 644 $(ko) $(installed_ko)
	$(if $(DESTDIR),,depmod $(KREL))
endif

uninstall:
	$(USERSPACE) uninstall DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	rm -f $(installed_ko)
	$(if $(DESTDIR),,depmod $(KREL))

.PHONY: load unload
load: module
	@insmod $(ko) && ls -l /dev/mailbox || { echo "Not loaded: it needs root, a kernel" \
		"that takes modules, and one of the very release $(KREL). Without: make shell"; exit 1; }

unload:
	@rmmod mailbox_ipc || { echo "Not unloaded: programs have /dev/mailbox open, or" \
		"there are persistent ports (mailbox ls shows them, mailbox rm ends them)"; exit 1; }

# --- the virtual machine -----------------------------------------------------

# What tests/vm/vm asks for: everything built for KDIR, then put into a guest.
WITH_USERSPACE ?= y
WITH_TESTS ?= y
with_userspace := $(and $(filter y,$(WITH_USERSPACE)),$(wildcard userspace/Makefile))
with_tests := $(and $(filter y,$(WITH_TESTS)),$(wildcard tests/Makefile))
# A kernel without kprobes has no gates, and the tests that want them are skipped there.
gate := $(if $(shell grep -s -x CONFIG_KPROBES=y $(KDIR)/include/config/auto.conf),\
	$(tree)/tests/gate/mailbox_gate.ko)
.PHONY: guest guest-install
guest: module $(BUILD)/vm/qemu-exit $(if $(with_tests),$(gate))
	$(if $(with_userspace),$(USERSPACE) all)
	$(if $(with_tests),$(TESTDIR) all)

guest-install:
	$(if $(with_userspace),$(USERSPACE) install DESTDIR=$(GUEST) PREFIX=/usr)
	$(if $(with_userspace),install -D -t $(GUEST)/usr/lib/mailbox/examples \
		$(patsubst userspace/%.c,$(BUILD)/userspace/%,$(wildcard userspace/examples/*.c)))
	$(if $(with_tests),$(TESTDIR) install INSTALL_PATH=$(GUEST)/usr/lib/mailbox/tests)
	$(if $(and $(with_tests),$(wildcard /usr/bin/socat)),install -D -t $(GUEST)/usr/bin /usr/bin/socat)
	$(if $(wildcard tests/demo/demo),install -D tests/demo/demo $(GUEST)/usr/lib/mailbox/demo)

# A second module, which holds tasks where a test wants them.
%/tests/gate/mailbox_gate.ko: $(wildcard tests/gate/*) $(kernel) | deps-build
	@mkdir -p $(@D)
	@cp -pu $(wildcard tests/gate/*) $(@D)
	+$(MAKE) -C $(KDIR) M=$(@D) CONFIG_DEBUG_INFO_BTF_MODULES= modules
	@touch $@

$(BUILD)/vm/qemu-exit: tests/vm/guest/qemu-exit.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Werror -static -o $@ $<

.PHONY: shell demo
shell:
	@tests/vm/vm shell -k $(K) --no-tests

demo:
	@tests/vm/vm run -k $(K) --no-tests /usr/lib/mailbox/demo

# --- tests -------------------------------------------------------------------

.PHONY: test test-debug test-rt test-quick
test test-debug test-rt test-quick: deps-build deps-vm deps-test
	@tests/run
test-quick: deps-quick
test-quick: KERNELS := $(QUICK_KERNEL)
test-quick: TESTS := $(quick_tests)
test-debug: KERNELS := $(DEBUG_KERNELS)
test-rt: KERNELS := $(RT_KERNELS)

.PHONY: test-mutants
test-mutants: deps-build deps-vm deps-test
	@K=$(K) tests/window/mutants $(TESTS)

# Under load, so what is slow has to be waited for longer.
.PHONY: test-windows
test-windows: deps-build deps-vm deps-test
	@MAILBOX_TEST_SCALE=$${MAILBOX_TEST_SCALE:-4} \
	tests/vm/vm run -k $(K) -t 0 -f tests/window/load ./load $(ROUNDS)

TIME ?= 10m
.PHONY: soak
soak: deps-build deps-vm deps-test
	@MAILBOX_TEST_SCALE=$${MAILBOX_TEST_SCALE:-4} \
	tests/vm/vm run -k $(K) -m 2G -t 0 -f tests/soak ./soak $(TIME)

# Needs no kernel and no virtual machine; TESTS="name name" chooses.
.PHONY: model
model: deps-model
	@tests/model/run $(BUILD)/model $(TESTS)

# What is found is kept in build/fuzz, see tests/fuzz/run.
.PHONY: fuzz fuzz-host fuzz-selftest fuzz-replay fuzz-shrink
fuzz fuzz-selftest: deps-build deps-vm deps-test
	@tests/fuzz/run $(if $(filter fuzz,$@),fuzz $(TIME),selftest)

fuzz-host: deps-build deps-fuzz
	@tests/fuzz/run host $(TIME)

fuzz-replay fuzz-shrink: fuzz-%: deps-build deps-vm deps-test
	@[ -n "$(FILE)" ] || { echo 'make $@ FILE=build/fuzz/crashes/NAME'; exit 1; }
	@tests/fuzz/run $* $(FILE)

.PHONY: coverage
coverage: deps-build deps-vm deps-test
	@tests/coverage/run

# What a message costs: see tests/bench/run, Documentation/performance.rst.
MODE ?= icount
.PHONY: bench bench-check bench-baseline bench-doc bench-program
bench-program: | deps-build deps-bench
	+@$(MAKE) -s --no-print-directory -C tests/bench OUTPUT=$(BUILD)/bench

bench: KERNELS := $(K)
bench bench-check bench-baseline: bench-program | deps-vm
	@MODE=$(MODE) RUNS='$(RUNS)' HERE='$(HERE)' CASES='$(CASES)' RIVALS='$(RIVALS)' \
		tests/bench/run $(@:bench-%=%)
bench-check bench-baseline: override MODE := icount
# Which functions the instructions of one operation are spent in: see tests/bench/follow.
CASE ?= round:64B
RIVAL ?= mailbox call
.PHONY: bench-follow
bench-follow: bench-program | deps-vm deps-follow
	@tests/bench/follow $(K) '$(CASE)' '$(RIVAL)'
# The figures that are in build/bench, into Documentation/performance.rst and README.md.
bench-doc:
	@tests/bench/run doc

# Each kernel anew, in a build folder of its own.
.PHONY: check check-userspace check-static $(ALL_KERNELS:%=check-%)
check: $(ALL_KERNELS:%=check-%) check-userspace check-static

check-static: | deps-build deps-test deps-check
	@tests/check/run

check-userspace: | deps-build deps-check
	$(if $(wildcard userspace/check),$(USERSPACE) -s check WERROR=1 BUILD=$(BUILD)/check)

$(ALL_KERNELS:%=check-%): check-%: | deps-build deps-vm deps-check
	@tests/vm/kernel fetch $*
	@rm -rf $(BUILD)/check-$*
	@mkdir -p $(BUILD)
	@echo "check: $*, W=1 and sparse"
	@headers=$$(tests/vm/kernel env $* | sed -n 's/^HEADERS=//p') && \
	if ! $(MAKE) -s module BUILD=$(BUILD)/check-$* KDIR=$$headers W=1 C=2 \
		>$(BUILD)/check-$*.log 2>&1 || grep -q -E 'warning|error' $(BUILD)/check-$*.log; then \
		cat $(BUILD)/check-$*.log; echo "check: $* has warnings"; exit 1; \
	fi
